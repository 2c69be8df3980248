// Who read one's conversations, and when.

import { make } from "/nodes.js";
import { ask } from "/server.js";
import { titleOf } from "/talks.js";
import { count, moment } from "/words.js";

/** Readings that are shown at once; the others unfold. */
const NEWEST = 10;
const COLUMNS = ["readings.when", "readings.who", "readings.what"];

/** What teachers read, the newest first. */
export async function readings() {
  const [read, { conversations }] = await Promise.all([
    ask("GET", "/api/me/readings"),
    ask("GET", "/api/conversations"),
  ]);
  const titles = new Map(conversations.map((one) => [one.id, titleOf(one)]));
  const rows = read.reverse().map((one) => line(one, titles));
  const rest = rows.splice(NEWEST);
  const earlier = ["readings.earlier", { count: count(rest.length) }];
  return make(
    "div",
    { className: "readings" },
    make("h3", { word: "readings" }),
    make("p", { className: "faint", word: "readings.about" }),
    rows.length ? table("readings", rows) : make("p", { word: "readings.none" }),
    rest.length > 0 && make("details", {}, make("summary", { word: earlier }), table(earlier, rest)),
  );
}

function table(label, rows) {
  const head = make("tr", {}, ...COLUMNS.map((word) => make("th", { scope: "col", word })));
  return make(
    "div",
    { className: "wide", tabindex: "0", role: "region", label },
    make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows)),
  );
}

function line({ at, reader, conversation_id: id }, titles) {
  const datetime = new Date(at * 1000).toISOString();
  const who = reader ? { dir: "auto", text: reader } : { word: "readings.left" };
  const what = titles.has(id)
    ? make("a", { href: `#talk/${id}`, dir: "auto", text: titles.get(id) })
    : make("span", { word: "readings.gone" });
  return make(
    "tr",
    {},
    make("td", {}, make("time", { datetime, text: moment(at) })),
    make("td", {}, make("span", who)),
    make("td", {}, what),
  );
}
