// The learner's page: which part of it is shown, and the conversation that is under way.

import { compose, keepDraft, restoreDraft, showBusy } from "/composer.js";
import { enter, invitation, invited, join, outside } from "/join.js";
import { change, languageChooser, me, meet } from "/me.js";
import { button, done, hush, make, sure, tell } from "/nodes.js";
import { progress } from "/progress.js";
import { review } from "/review.js";
import { Refused, ask, faultWords } from "/server.js";
import { settings } from "/settings.js";
import { Talk } from "/talk.js";
import { talks, titleOf } from "/talks.js";
import { welcome } from "/welcome.js";
import { LANGUAGES, language, preferred, seconds, speak, translate, word } from "/words.js";

const element = (id) => document.getElementById(id);
const view = element("view");

/** Conversations that were opened since the page was loaded; one may go on in the background. */
const open = new Map();
/** The conversation on the page. */
let talk = null;
let tutors = [];
/** Counts visits, so that a slow part does not take the place of a later one. */
let visits = 0;

// ---- the parts of the page -------------------------------------------------------------------

const LEAVES = {
  talks: () => talks({ gone: (id) => open.delete(id) }),
  review,
  progress,
  settings: () => settings({ speak: changeLanguage, forgotten, left }),
};

/** Show what the address names. */
async function go() {
  if (me() === null) return; // it is shown when it is known who is here
  const [part, id] = location.hash.slice(1).split("/");
  const visit = ++visits;
  hush();
  mark(part);
  let shown;
  try {
    if (part in LEAVES) {
      const leaf = await LEAVES[part](id);
      shown = () => show(word(part), leaf);
    } else shown = part === "talk" ? await found(id) : await fresh();
  } catch (fault) {
    shown = fault instanceof Refused && fault.status === 401 ? away : () => broken(fault);
  }
  if (visit === visits) shown();
}

/** Put something on the page, and the reader at its head or in the field. */
function show(title, node, talking = false) {
  view.replaceChildren(node);
  element("foot").hidden = !talking;
  document.title = `${title} – quimbot`;
  if (talking && matchMedia("(pointer: fine)").matches) element("text").focus({ preventScroll: true });
  else node.querySelector("h1").focus({ preventScroll: true });
  if (!talking) scrollTo(0, 0);
}

function broken(fault) {
  const ours = fault instanceof Refused && fault.status >= 500;
  const why = ours ? "wrong.load" : faultWords(fault, seconds);
  const line = make("h1", { className: "title", tabindex: "-1", word: why });
  show(word("title"), make("section", {}, line, button("talk.again", () => (me() ? go() : begun()))));
}

/** Show in the list of pages which one this is. */
function mark(part) {
  for (const link of document.querySelectorAll("#side li a")) {
    const here = link.hash.slice(1) === part && link.pathname === "/";
    if (here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

// ---- talking ---------------------------------------------------------------------------------

/** What stands on the page before a new conversation. */
async function fresh() {
  const [{ kinds }, { conversations }] = await Promise.all([
    ask("GET", "/api/progress"),
    ask("GET", "/api/conversations"),
  ]);
  const now = Date.now() / 1000;
  const due = kinds.filter((one) => one.returns !== null && one.returns <= now).map((one) => one.kind);
  const before = { tutors, first: conversations.length === 0, due: due.slice(0, 3) };
  const showWith = (tutor) => {
    talk = new Talk(tutor, changed);
    const does = { choose: showWith, speak: changeLanguage, begin, say };
    show(word("title"), welcome({ ...before, ...does, tutor }), true);
    aside();
    showBusy(false);
  };
  return () => showWith(talk?.tutor ?? tutors[0]?.name);
}

async function found(id) {
  if (!open.has(id)) open.set(id, await Talk.open(id, changed));
  return () => {
    talk = open.get(id);
    showTalk();
  };
}

/** Put the conversation on the page. */
function showTalk() {
  const title = make("h1", { className: "title", tabindex: "-1", dir: "auto", text: titleOf(talk) });
  show(titleOf(talk), make("section", { className: "talk" }, title, talk.node), true);
  aside();
  showBusy(talk.underWay !== null);
  toEnd();
}

async function begin(topic) {
  try {
    await talk.begin(topic);
  } catch (fault) {
    tell(...faultWords(fault, seconds));
    return;
  }
  address();
  showTalk();
}

async function say(said) {
  keepDraft(said);
  const speaking = talk.say(said);
  if (!talk.node.isConnected) showTalk();
  await speaking;
}

/** Give the conversation on the page its address, so that it is found again. */
function address() {
  open.set(talk.id, talk);
  history.pushState(null, "", `#talk/${talk.id}`);
  mark("talk");
}

/** A conversation began, or a reply in it began, goes on or ended. */
function changed(one) {
  const last = one.exchanges.at(-1);
  if (last?.reply) keepDraft(element("text").value); // the server has what was said
  if (one === talk && one.id !== null && !open.has(one.id)) address();
  if (!one.node.isConnected) return;
  const follow = innerHeight + scrollY > document.documentElement.scrollHeight - 120;
  showBusy(one.underWay !== null);
  aside();
  if (follow || !last?.reply) toEnd();
}

const toEnd = () => scrollTo(0, document.documentElement.scrollHeight);

/** What stands above the field: who can read this, and the way to the summary. */
function aside() {
  const readable = me().accounts && me().consent;
  const said = talk.id !== null && talk.answered;
  const place = element("aside");
  const now = JSON.stringify([talk.id, readable, said]);
  if (place.dataset.now === now) return; // while a reply is written, it stays as it is
  place.dataset.now = now;
  const parts = [];
  if (readable) {
    const change = make("a", { href: "#settings", word: "talk.change" });
    parts.push(make("p", { className: "faint" }, make("span", { word: "talk.open" }), " ", change));
  }
  if (said) {
    parts.push(make("a", { className: "quiet", href: `#review/${talk.id}`, word: "review" }));
  }
  place.replaceChildren(...parts);
}

// ---- coming and going ------------------------------------------------------------------------

async function changeLanguage(code) {
  if (!(await done(() => speak(code)))) return;
  element("language").value = code;
  for (const one of open.values()) translate(one.node);
  if (me() === null) return;
  await change({ language: code });
  await go();
  tell("saved");
}

/** Everything was deleted: begin as if for the first time. */
function forgotten() {
  open.clear();
  talk = null;
  keepDraft("");
  element("text").value = "";
  history.replaceState(null, "", "/");
  begun(["delete.done"]);
}

function left() {
  open.clear();
  talk = null;
  keepDraft("");
  history.replaceState(null, "", "/");
  away();
}

/** Nobody is known here. */
function away() {
  element("side").hidden = true;
  show(word("join.needed"), outside());
}

/** Whether to use a link that somebody followed: nobody is made somebody else by one, and who is
 * signed in is asked first. */
async function wanted(own, known) {
  if (!known) return own;
  if (own || !known.accounts) return false;
  const about = ["join.as", { name: known.name }];
  return sure({ title: "join", about, yes: "join.go", no: "join.no" });
}

/** Find out who is here, and show them the page; `told` is said to them. */
async function begun(told) {
  const { secret, own } = invitation();
  const known = await meet().catch(() => null);
  if (secret && !known && !own) {
    element("side").hidden = true;
    show(word("join"), join(secret, () => begun()));
    return;
  }
  if (secret && (await wanted(own, known)) && !(await enter(secret))) told = ["join.spent"];
  try {
    await meet();
    ({ tutors } = await ask("GET", "/api/tutors"));
  } catch (fault) {
    if (fault instanceof Refused && fault.status === 401) away();
    else broken(fault);
    if (told) tell(...told);
    return;
  }
  element("side").hidden = false;
  element("teach").parentElement.hidden = me().role === "learner";
  if (me().language in LANGUAGES && me().language !== language()) {
    await speak(me().language);
    element("language").value = me().language;
  }
  await go();
  restoreDraft(talk?.exchanges.at(-1)?.said);
  if (told) tell(...told);
}

await speak(preferred());
languageChooser(element("language"), language(), changeLanguage);
element("skip").addEventListener("click", () => (view.querySelector("h1") ?? element("text")).focus());
compose({ say, stop: () => talk?.stop(), busy: () => talk === null || talk.underWay !== null });
element("side").addEventListener("click", (event) => {
  if (event.target.closest("a")) event.currentTarget.hidePopover?.(); // on a phone it covers the page
});
addEventListener("hashchange", () => (invited() ? begun() : go()));
await begun();
