// One learner of a class: progress, why the tutor did what it did, and, where they agreed, their talks.

import { ask, capital, count, day, languageName, make, moment, show } from "/teach_page.js";
import { KINDS, levelName } from "/teach_help.js";

const UPTAKE = { repair: "mended", "needs-repair": "tried", none: "went on" };
const path = (class_, id) => `/api/teach/classes/${encodeURIComponent(class_)}/learners/${encodeURIComponent(id)}`;

export async function showLearner({ rest: [class_, id] }) {
  const told = await ask("GET", path(class_, id));
  const name = told.name || "No name";
  show(name,
    make("p", {}, make("a", { href: `#class/${class_}` }, "Back to the class")),
    make("p", { class: "faint" }, [languageName(told.l1), told.level].filter(Boolean).join(" · ")),
    progress(told.kinds),
    reasons(told.moves),
    talks(told, class_, id, name),
  );
}

function progress(kinds) {
  return make("section", {},
    make("h2", {}, "Progress"),
    kinds.length === 0
      ? make("p", { class: "faint" }, "Nothing was noticed yet.")
      : make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Progress" },
        make("table", {},
          make("thead", {}, make("tr", {}, ["Kind", "Known", "Next help", "Turns with an error", "Mended", "Right unaided", "Returns"].map((head) =>
            make("th", { scope: "col", class: head === "Known" ? "barred" : "" }, head)))),
          make("tbody", {}, kinds.map((one) => make("tr", {},
            make("th", { scope: "row" }, KINDS[one.kind] ?? one.kind),
            make("td", { class: "barred" }, known(one.p)),
            make("td", {}, one.mastered ? "mastered" : levelName(one.help)),
            make("td", {}, count(one.errors)),
            make("td", {}, count(one.repaired)),
            make("td", {}, count(one.right)),
            make("td", {}, one.due ? day(one.due) : "–")))))));
}

function known(p) {
  const drawn = make("span", { class: "bar", "aria-hidden": "true" });
  drawn.style.setProperty("--share", p);
  return make("span", { class: "barline" }, make("span", { class: "number" }, `${Math.round(100 * p)} %`), drawn);
}

function reasons(moves) {
  return make("section", {},
    make("h2", {}, "Why this help"),
    moves.length === 0
      ? make("p", { class: "faint" }, "The tutor has not chosen yet.")
      : make("ol", { class: "moves" }, moves.map((one) => make("li", {}, move(one)))));
}

const move = (one) => [
  make("p", {},
    make("strong", {}, levelName(one.level)), one.kind ? ` · ${KINDS[one.kind] ?? one.kind}` : "",
    make("span", { class: "faint" }, ` · ${moment(one.at)}${one.fell_back ? " · in words of our own" : ""}`)),
  make("p", { class: "reason" }, capital(one.reason)),
  one.outcome && make("p", { class: "faint" }, `In the next turn: ${UPTAKE[one.outcome] ?? one.outcome}`),
];

function talks(told, class_, id, name) {
  return make("section", {},
    make("h2", {}, "Conversations"),
    told.conversations === null
      ? make("p", { class: "note" }, `${name} has not agreed that you read along. They can change that in their settings.`)
      : [
        make("p", { class: "faint" }, `${name} agreed that you read along, and sees each time that you do.`),
        make("ul", { class: "plain" }, told.conversations.map((one) => make("li", {},
          make("a", { href: `#talk/${class_}/${id}/${one.id}` }, one.title || one.topic || `With ${one.tutor}`),
          make("span", { class: "faint" }, ` ${moment(one.began)}`)))),
      ]);
}

export async function showTalk({ rest: [class_, id, conversation] }) {
  const told = await ask("GET", `${path(class_, id)}/conversations/${encodeURIComponent(conversation)}`);
  const moves = Map.groupBy(told.moves, (one) => one.turn);
  show(told.title || told.topic || `With ${told.tutor}`,
    make("p", {}, make("a", { href: `#learner/${class_}/${id}` }, `Back to ${told.name || "the learner"}`)),
    make("p", { class: "faint" }, `${moment(told.began)} · ${told.name || "The learner"} sees that you read this.`),
    make("div", { class: "talk" }, told.turns.map((turn) => [
      make("p", { class: turn.role === "user" ? "learner" : "tutor" }, turn.text),
      ...(moves.get(turn.id) ?? []).map((one) => make("p", { class: "why" },
        make("strong", {}, one.kind ? `${levelName(one.level)} · ${KINDS[one.kind] ?? one.kind}` : levelName(one.level)), ` – ${capital(one.reason)}`)),
    ])));
}
