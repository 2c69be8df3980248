// Progress over time: what is being learnt, how it climbs, and when it comes back.

import { english, make } from "/nodes.js";
import { plot } from "/plot.js";
import { ask } from "/server.js";
import { count, roughly, word } from "/words.js";

const COLUMNS = [
  "progress.kind",
  "progress.stage",
  "progress.noticed",
  "progress.taken-up",
  "progress.alone",
  "progress.returns",
];

/** All that was seen so far. */
export async function progress() {
  const found = await ask("GET", "/api/progress");
  const some = found.kinds.length > 0;
  return make(
    "section",
    { className: "progress" },
    make("h1", { tabindex: "-1", word: "progress" }),
    make("p", { className: "lead", word: some ? "progress.about" : "progress.none" }),
    some &&
      make(
        "dl",
        { className: "totals" },
        ...total("progress.conversations", found.conversations),
        ...total("progress.taken-up", sum(found.kinds, "taken_up")),
        ...total("progress.alone", sum(found.kinds, "alone")),
        ...total("stage.yours", found.kinds.filter((one) => one.stage === "yours").length),
      ),
    some && make("p", { className: "faint", word: "progress.goal" }),
    some && make("ul", { className: "kinds" }, ...found.kinds.map((one) => kind(one, found.conversations))),
    some && table(found.kinds),
  );
}

const sum = (kinds, field) => kinds.reduce((total, one) => total + one[field], 0);

const total = (term, number) => [
  make("div", {}, make("dt", { word: term }), make("dd", { text: count(number) })),
];

function kind(one, conversations) {
  const values = { kind: word(`kind.${one.kind}`), stage: word(`stage.${one.stage}`) };
  const example = one.examples.at(-1);
  return make(
    "li",
    {},
    make(
      "div",
      {},
      make("h2", { word: `kind.${one.kind}` }),
      make("p", { className: `stage ${one.stage}`, word: `stage.${one.stage}` }),
    ),
    plot(one.line, conversations, word("progress.line", values)),
    make(
      "div",
      { className: "beneath" },
      example && english("p", { className: "example", text: example.correction }),
      one.returns !== null && make("p", { className: "faint", text: returns(one) }),
    ),
  );
}

const returns = (one) => `${word("progress.returns")}: ${roughly(one.returns)}`;

function table(kinds) {
  const head = make("tr", {}, ...COLUMNS.map((word) => make("th", { scope: "col", word })));
  const rows = kinds.map((one) =>
    make(
      "tr",
      {},
      make("th", { scope: "row", word: `kind.${one.kind}` }),
      make("td", { word: `stage.${one.stage}` }),
      ...["noticed", "taken_up", "alone"].map((field) => make("td", { text: count(one[field]) })),
      make("td", { text: one.returns === null ? "–" : roughly(one.returns) }),
    ),
  );
  return make(
    "details",
    {},
    make("summary", { word: "progress.table" }),
    make(
      "div",
      { className: "wide", tabindex: "0", role: "region", label: "progress.table" },
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)),
    ),
  );
}
