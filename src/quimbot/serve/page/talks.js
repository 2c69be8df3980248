// All conversations, to open, find again, rename and delete.

import { button, done, english, hush, make, sure, tell } from "/nodes.js";
import { ask } from "/server.js";
import { count, date, knows, word } from "/words.js";

/** Milliseconds without a key, after which a search begins. */
const RESTS = 250;

/** What a conversation is called. */
export function titleOf({ title, topic }) {
  if (title) return title;
  return knows(`topic.${topic}`) ? word(`topic.${topic}`) : topic || word("talks.untitled");
}

/** The list. `gone(id)` is called when one was deleted. */
export async function talks({ gone }) {
  const { conversations } = await ask("GET", "/api/conversations");
  const list = make("ul", { className: "talks" });
  const none = make("p", { className: "lead", word: "talks.none", hidden: conversations.length > 0 });
  for (const one of conversations) {
    list.append(
      entry(one, () => {
        gone(one.id);
        none.hidden = list.children.length > 0;
      }),
    );
  }
  const search = conversations.length > 1 && searching(list);
  return make("section", {}, make("h1", { tabindex: "-1", word: "talks" }), none, search, list);
}

/** A field that leaves in the list what has the words that are written in it. */
function searching(list) {
  const field = make("input", { type: "search", maxlength: "100", dir: "auto", enterkeyhint: "search" });
  const form = make(
    "form",
    { className: "search", role: "search" },
    make("label", { className: "field" }, make("span", { word: "talks.search" }), field),
  );
  let asked = 0;
  let waiting;
  const search = async () => {
    clearTimeout(waiting);
    const mine = ++asked;
    const words = field.value.trim();
    let there = [];
    const kept = !words || (await done(async () => {
      const query = new URLSearchParams({ words });
      ({ conversations: there } = await ask("GET", `/api/conversations?${query}`));
    }));
    if (kept && mine === asked && list.isConnected) narrow(list, words, there);
  };
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(search, RESTS);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    search();
  });
  return form;
}

/** Show what was found, with where it was said. What a conversation is called counts, too. */
function narrow(list, words, there) {
  const excerpts = new Map(there.map((one) => [one.id, one.excerpt]));
  const wanted = words.toLowerCase().split(/\s+/u);
  for (const row of list.children) {
    const title = row.dataset.title.toLowerCase();
    const called = wanted.every((one) => title.includes(one));
    row.hidden = words !== "" && !called && !excerpts.has(row.dataset.id);
    row.querySelector(".excerpt")?.remove();
    const excerpt = excerpts.get(row.dataset.id);
    if (excerpt) row.firstElementChild.after(english("p", { className: "excerpt", text: excerpt }));
  }
  const shown = [...list.children].filter((row) => !row.hidden).length;
  if (!words) hush();
  else if (shown) tell("talks.found", { count: count(shown) });
  else tell("talks.found.none");
}

function entry(one, gone) {
  const title = titleOf(one);
  const link = make("a", { href: `#talk/${one.id}`, dir: "auto", text: title });
  const row = make("li", { "data-id": one.id, "data-title": title });
  const rename = button("talks.rename", () => renaming(one, row, gone), {
    label: ["talks.rename.one", { title }],
  });
  const remove = button("talks.delete", () => deleting(one, row, gone), {
    label: ["talks.delete.one", { title }],
  });
  row.append(
    make("div", {}, link, make("time", { className: "faint", text: date(one.began) })),
    make(
      "div",
      { className: "row" },
      make("a", { className: "quiet", href: `#review/${one.id}`, word: "review" }),
      rename,
      remove,
    ),
  );
  return row;
}

function renaming(one, row, gone) {
  const field = make("input", { maxlength: "120", dir: "auto", label: "talks.name" });
  field.value = titleOf(one);
  const form = make("form", { className: "row" }, field, make("button", { className: "firm", word: "save" }));
  const show = (title) => {
    const fresh = entry({ ...one, title }, gone);
    row.replaceWith(fresh);
    fresh.querySelector("button").focus();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const title = field.value.trim();
    const kept = !title || (await done(() => ask("PATCH", `/api/conversations/${one.id}`, { title })));
    if (kept) show(title || one.title);
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") show(one.title);
  });
  row.replaceChildren(form);
  field.select();
}

async function deleting(one, row, gone) {
  const about = ["talks.delete.about", { title: titleOf(one) }];
  if (!(await sure({ title: "talks.delete.sure", about, yes: "talks.delete", no: "keep" }))) return;
  if (!(await done(() => ask("DELETE", `/api/conversations/${one.id}`)))) return;
  row.remove();
  gone();
  document.querySelector("h1").focus();
}
