// All conversations, to open, rename and delete.

import { button, done, make, sure } from "/nodes.js";
import { ask } from "/server.js";
import { date, knows, word } from "/words.js";

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
  return make("section", {}, make("h1", { tabindex: "-1", word: "talks" }), none, list);
}

function entry(one, gone) {
  const title = titleOf(one);
  const link = make("a", { href: `#talk/${one.id}`, dir: "auto", text: title });
  const row = make("li", {});
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
