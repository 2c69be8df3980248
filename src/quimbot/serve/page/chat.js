// The chat page: sends what the learner writes, shows the reply while it is written.
// Text from people and models is only ever set as text, never as HTML.

const KEPT = "quimbot.conversation";
const LONGEST_HISTORY = 20; // exchanges sent along; older ones stay on the page

const element = (id) => document.getElementById(id);
const log = element("log");
const form = element("form");
const text = element("text");
const chooser = element("tutor");

/** Exchanges {said, reply, notice}, the oldest first. */
let exchanges = [];
/** The reply under way: an AbortController, or null. */
let underWay = null;

// ---- what is shown -------------------------------------------------------------------------

function add(parent, tag, className, content = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = content;
  parent.append(node);
  return node;
}

/** A reply on the page. Finished sentences are added for good, so that a screen reader reads each
 * once; the sentence still being written is hidden from it. */
class ShownReply {
  constructor() {
    this.node = add(log, "p", "tutor waiting", "Your tutor is thinking…");
    this.sentence = null;
  }

  write(piece) {
    if (this.sentence === null) {
      this.node.className = "tutor";
      this.node.textContent = "";
      this.sentence = add(this.node, "span", "");
      this.sentence.setAttribute("aria-hidden", "true");
    }
    this.sentence.textContent += piece;
    const ends = [...this.sentence.textContent.matchAll(/[.!?。！？؟…]["”’)]*\s+/gu)];
    if (ends.length) {
      const last = ends.at(-1);
      this.finish(last.index + last[0].length);
    }
  }

  finish(end = Infinity) {
    if (this.sentence === null) {
      this.node.remove();
      return;
    }
    const written = this.sentence.textContent;
    this.sentence.before(written.slice(0, end));
    this.sentence.textContent = written.slice(end);
  }
}

function showNotice(exchange) {
  const line = add(log, "p", "notice");
  add(line, "span", "", exchange.notice);
  const again = add(line, "button", "quiet", "Try again");
  again.type = "button";
  again.addEventListener("click", () => {
    exchange.notice = "";
    exchange.reply = "";
    showAll();
    text.focus();
    answer(exchange);
  });
}

function showAll() {
  log.textContent = "";
  for (const exchange of exchanges) {
    add(log, "p", "learner", exchange.said);
    if (exchange.reply) add(log, "p", "tutor", exchange.reply);
    if (exchange.notice && exchange === exchanges.at(-1)) showNotice(exchange);
  }
  showState();
}

function showState() {
  element("welcome").hidden = exchanges.length > 0;
  element("new").hidden = exchanges.length === 0;
  element("send").hidden = underWay !== null;
  element("stop").hidden = underWay === null;
}

function toEnd() {
  scrollTo(0, document.documentElement.scrollHeight);
}

const atEnd = () => innerHeight + scrollY > document.documentElement.scrollHeight - 80;

// ---- what is kept --------------------------------------------------------------------------

function keep() {
  try {
    sessionStorage.setItem(KEPT, JSON.stringify({ tutor: chooser.value, exchanges }));
  } catch {
    // Storage may be full or forbidden; the conversation goes on without it.
  }
}

function kept() {
  try {
    return JSON.parse(sessionStorage.getItem(KEPT)) ?? {};
  } catch {
    return {};
  }
}

// ---- talking to the server -----------------------------------------------------------------

class Refused extends Error {
  constructor(status, code) {
    super(code);
    this.status = status;
    this.code = code;
  }

  notice() {
    if (this.code === "queue_full") return "Many people are writing now. Please wait a moment.";
    if (this.code === "context_length_exceeded") return "This message is too long. Please write less.";
    if (this.status === 503) return "The tutor is closing. Please come back later.";
    return "Sorry, the tutor cannot answer now.";
  }
}

/** The pieces of a reply. Throws Refused, or TypeError when the connection is lost. */
async function* pieces(messages, signal) {
  const response = await fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ model: chooser.value, messages, stream: true }),
    signal,
  });
  if (!response.ok) {
    const body = await response.json().catch(() => ({}));
    throw new Refused(response.status, body.error?.code);
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new TypeError("the reply broke off");
    buffer += value;
    const events = buffer.split("\n\n");
    buffer = events.pop();
    for (const event of events) {
      const data = event.replace(/^data: /, "");
      if (data === "[DONE]") return;
      const chunk = JSON.parse(data);
      if (chunk.error) throw new Refused(500, chunk.error.code);
      yield chunk.choices[0]?.delta.content ?? "";
    }
  }
}

/** The exchange and those before it as messages; unanswered ones are left out. */
function messagesFor(exchange, history) {
  const before = exchanges.slice(0, exchanges.indexOf(exchange)).filter((one) => one.reply);
  const messages = (history ? before.slice(-history) : []).flatMap((one) => [
    { role: "user", content: one.said },
    { role: "assistant", content: one.reply },
  ]);
  return { messages: [...messages, { role: "user", content: exchange.said }], sent: messages.length / 2 };
}

async function answer(exchange) {
  const mine = new AbortController();
  underWay = mine;
  const shown = new ShownReply();
  showState();
  toEnd();
  let history = LONGEST_HISTORY;
  for (;;) {
    const { messages, sent } = messagesFor(exchange, history);
    try {
      for await (const piece of pieces(messages, mine.signal)) {
        if (!piece) continue;
        const follow = atEnd();
        exchange.reply += piece;
        shown.write(piece);
        if (follow) toEnd();
      }
      if (!exchange.reply) exchange.notice = "The tutor had no answer.";
    } catch (fault) {
      if (fault.code === "context_length_exceeded" && sent > 0) {
        history = sent >> 1; // forget the older half and ask again
        continue;
      }
      exchange.notice = noticeFor(fault);
    }
    break;
  }
  if (underWay !== mine) return; // a new conversation has begun
  underWay = null;
  shown.finish();
  if (exchange.notice) showNotice(exchange);
  showState();
  keep();
  toEnd();
}

function noticeFor(fault) {
  if (fault.name === "AbortError") return "Stopped.";
  if (fault instanceof Refused) return fault.notice();
  return "The connection was lost.";
}

// ---- what the learner does -----------------------------------------------------------------

function say(said) {
  if (!said.trim() || underWay || !chooser.value) return;
  const exchange = { said: said.trim(), reply: "", notice: "" };
  exchanges.push(exchange);
  showAll();
  keep();
  text.focus();
  answer(exchange);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  await begun;
  if (underWay || !chooser.value) return; // what is written stays
  say(text.value);
  text.value = "";
});

text.addEventListener("keydown", (event) => {
  // While a word is being composed (Chinese, Korean, …), Enter chooses it and must not send.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
  event.preventDefault();
  form.requestSubmit();
});

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.isComposing) underWay?.abort();
});

element("stop").addEventListener("click", () => {
  underWay?.abort();
  text.focus();
});

element("new").addEventListener("click", () => {
  underWay?.abort();
  underWay = null;
  exchanges = [];
  showAll();
  keep();
  text.focus();
});

for (const starter of document.querySelectorAll(".starter")) {
  starter.addEventListener("click", async () => {
    await begun;
    say(starter.textContent);
  });
}

chooser.addEventListener("change", keep);
addEventListener("pagehide", keep);

// ---- beginning -----------------------------------------------------------------------------

async function begin() {
  const before = kept();
  exchanges = before.exchanges ?? [];
  for (const exchange of exchanges) {
    if (!exchange.reply && !exchange.notice) exchange.notice = "This message has no answer yet.";
  }
  showAll();
  toEnd();
  try {
    const response = await fetch("/v1/models");
    const { data } = await response.json();
    for (const { id, title } of data) chooser.append(new Option(title ?? id, id));
    if (data.some(({ id }) => id === before.tutor)) chooser.value = before.tutor;
    element("chooser").hidden = data.length < 2;
  } catch {
    add(log, "p", "notice", "The tutor cannot be reached. Please load this page again.");
  }
}

const begun = begin(); // whoever is faster than the list of tutors waits for it
