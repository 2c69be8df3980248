// One conversation on the page: its exchanges, and the reply while it is written.

import { button, make } from "/nodes.js";
import { ask, faultWords, turn } from "/server.js";
import { seconds } from "/words.js";

const NOTICES = { stopped: "talk.stopped", partial: "talk.broke-off", failed: "talk.broke-off" };

/** A reply on the page. Finished sentences are added for good, so that a screen reader reads each
 * once; the sentence still being written is hidden from it. */
class ShownReply {
  constructor(log) {
    this.node = make("p", { className: "tutor waiting", word: "talk.thinking", dir: "auto" });
    this.sentence = null;
    log.append(this.node);
  }

  write(piece) {
    if (this.sentence === null) {
      this.node.replaceWith((this.node = spoken("tutor", "")));
      this.sentence = make("span", { "aria-hidden": "true" });
      this.node.append(this.sentence);
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

/** What somebody said, with who it was for those who cannot see it. */
function spoken(who, text) {
  const name = make("bdi", { className: "unseen", word: who === "learner" ? "talk.you" : "talk.tutor" });
  return make("p", { className: who, dir: "auto", lang: "en" }, name, document.createTextNode(text));
}

/** A conversation. It goes on while another page is looked at. */
export class Talk {
  /** `changed` is called whenever a reply begins or ends. */
  constructor(tutor, changed) {
    this.tutor = tutor;
    this.topic = "";
    this.id = null;
    this.title = "";
    this.changed = changed;
    this.underWay = null;
    /** Exchanges {said, reply, notice}; the first may have no `said`: the tutor began. */
    this.exchanges = [];
    this.node = make("div", { role: "log", label: "talk", dir: "ltr" });
  }

  /** The conversation as the server keeps it. */
  static async open(id, changed) {
    const kept = await ask("GET", `/api/conversations/${id}`);
    const talk = new Talk(kept.tutor, changed);
    talk.take(kept);
    return talk;
  }

  take({ id, title, topic, turns }) {
    Object.assign(this, { id, title, topic });
    this.exchanges = [];
    for (const { role, text, state } of turns) {
      if (role === "user") this.exchanges.push({ said: text, reply: "", notice: ["talk.unanswered"] });
      else {
        if (!this.exchanges.length || this.exchanges.at(-1).reply) this.exchanges.push({ said: "" });
        const notice = state in NOTICES ? [text ? NOTICES[state] : "talk.unanswered"] : null;
        Object.assign(this.exchanges.at(-1), { reply: text, notice });
      }
    }
    this.show();
  }

  get answered() {
    return this.exchanges.some((one) => one.said && one.reply);
  }

  show() {
    this.node.textContent = "";
    for (const one of this.exchanges) {
      if (one.said) this.node.append(spoken("learner", one.said));
      if (one.reply) this.node.append(spoken("tutor", one.reply));
      if (one.notice) this.showNotice(one);
    }
  }

  showNotice(exchange) {
    const line = make("p", { className: "notice", dir: "auto" }, make("span", { word: exchange.notice }));
    if (exchange === this.exchanges.at(-1)) line.append(button("talk.again", () => this.again(exchange)));
    this.node.append(line);
  }

  /** Begin with a topic; the tutor asks the first question. */
  async begin(topic) {
    this.take(await ask("POST", "/api/conversations", { tutor: this.tutor, topic }));
  }

  /** Say something and hear the reply. */
  async say(said) {
    const exchange = { said, reply: "", notice: null };
    this.title ||= said;
    this.exchanges.push(exchange);
    for (const again of this.node.querySelectorAll("button")) again.remove(); // only the last one can be
    this.node.append(spoken("learner", said));
    await this.answer(exchange, false);
  }

  /** Ask once more for a reply that did not come or broke off. */
  async again(exchange) {
    try {
      if (this.id !== null) {
        const kept = await ask("GET", `/api/conversations/${this.id}`);
        const last = kept.turns.at(-1);
        if (last?.role === "assistant" && last.state === "whole" && kept.turns.at(-2)?.text === exchange.said) {
          this.take(kept); // it was said to its end, and only the way here was broken
          this.changed(this);
          return;
        }
      }
    } catch {
      // Asking for the reply will tell what is wrong.
    }
    Object.assign(exchange, { reply: "", notice: null });
    this.show();
    await this.answer(exchange, true);
  }

  stop() {
    this.underWay?.abort();
  }

  async answer(exchange, again) {
    this.underWay = new AbortController();
    const shown = new ShownReply(this.node);
    this.changed(this);
    try {
      if (this.id === null) {
        const begun = await ask("POST", "/api/conversations", { tutor: this.tutor });
        this.id = begun.id;
        this.changed(this);
      }
      const body = { text: exchange.said, again };
      for await (const told of turn(this.id, body, this.underWay.signal)) {
        if (told.text) {
          exchange.reply += told.text;
          shown.write(told.text);
          this.changed(this);
        } else if (told.done?.state in NOTICES) exchange.notice = [NOTICES[told.done.state]];
      }
      if (!exchange.reply) exchange.notice = ["talk.empty"];
    } catch (fault) {
      exchange.notice = fault.name === "AbortError" ? ["talk.stopped"] : faultWords(fault, seconds);
    }
    this.underWay = null;
    shown.finish();
    if (exchange.notice) this.showNotice(exchange);
    this.changed(this);
  }
}

