// After a conversation: how it can be said.

import { button, done, english, make } from "/nodes.js";
import { ask } from "/server.js";
import { roughly } from "/words.js";

/** The summary of a conversation. */
export async function review(id) {
  const found = await ask("GET", `/api/conversations/${id}/summary`);
  const nothing = !found.sentences.length;
  return make(
    "section",
    { className: "review" },
    make("h1", { tabindex: "-1", word: "review" }),
    make("p", { className: "lead", word: nothing ? "review.nothing" : "review.about" }),
    ...found.sentences.map(sentence),
    forms("review.taken-up", found.taken_up, "review.taken-up.about"),
    forms("review.alone", found.alone),
    returns(found.returns),
    make(
      "p",
      { className: "row noprint" },
      make("a", { className: "firm", href: `#talk/${id}`, word: "talks.back" }),
      !nothing && button("review.print", () => print()),
    ),
  );
}

function sentence({ said, better, changes }) {
  return make(
    "article",
    {},
    make(
      "dl",
      {},
      make("dt", { word: "review.said" }),
      make("dd", {}, english("q", { className: "said" }, ...said.map(piece))),
      make("dt", { word: "review.better" }),
      make("dd", {}, english("q", { className: "better" }, ...better.map(piece))),
    ),
    make("ul", {}, ...changes.map(change)),
  );
}

/** Words that differ stand out by weight and line; the change below says them in words. */
const piece = ({ text, differs }) => (differs ? make("b", { text }) : document.createTextNode(text));

function change({ at, kind, wrong, right, taken_up: taken, disputed }) {
  const how = wrong && right ? "review.changed" : right ? "review.added" : "review.dropped";
  const line = make(
    "li",
    {},
    make("p", { className: "unseen", word: [how, { wrong, right }] }),
    make("p", {}, make("b", { word: `kind.${kind}` }), make("span", { word: `why.${kind}` })),
    taken && make("p", { className: "taken", word: "review.taken" }),
  );
  const thanks = () => make("p", { className: "faint", tabindex: "-1", word: "review.fine.done" });
  if (disputed) {
    line.append(thanks());
    return line;
  }
  const words = wrong || right;
  const fine = button("review.fine", dispute, { label: ["review.fine.one", { words }] });
  fine.classList.add("noprint");
  async function dispute() {
    const error = { noticed_at: at, kind, wrong };
    if (!(await done(() => ask("POST", "/api/disputes", error)))) return;
    const said = thanks();
    fine.replaceWith(said);
    said.focus();
  }
  line.append(fine);
  return line;
}

/** Forms by kind, each with the learner's own words. */
function forms(title, found, about) {
  if (!found.length) return null;
  const items = found.map(({ kind, words }) =>
    make(
      "li",
      {},
      make("span", { word: `kind.${kind}` }),
      english("b", { text: words.join(" · ") }),
    ),
  );
  return make(
    "div",
    { className: "forms" },
    make("h2", { word: title }),
    about && make("p", { className: "faint", word: about }),
    make("ul", {}, ...items),
  );
}

function returns(found) {
  if (!found.length) return null;
  const items = found.map(({ kind, at }) =>
    make("li", {}, make("span", { word: `kind.${kind}` }), make("b", { text: roughly(at) })),
  );
  return make(
    "div",
    { className: "forms" },
    make("h2", { word: "review.returns" }),
    make("p", { className: "faint", word: "review.returns.about" }),
    make("ul", {}, ...items),
  );
}

