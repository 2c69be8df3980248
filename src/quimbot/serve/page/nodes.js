// Nodes of the page. Text from people and models is only ever set as text, never as HTML.

import { put } from "/words.js";

/** A new node; `word` is a key, or a key and its values. */
export function make(name, { word, label, text, className, ...attributes } = {}, ...children) {
  const node = document.createElement(name);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  if (word) put(node, ...[word].flat());
  if (label) put(node, ...pair(label), "label");
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(key, "");
    else if (value !== false && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter(Boolean));
  return node;
}

const pair = (given) => (Array.isArray(given) ? given : [given, {}]);

/** A button that does something. */
export function button(word, does, options = {}) {
  const node = make("button", { type: "button", className: "quiet", word, ...options });
  node.addEventListener("click", does);
  return node;
}

/** English words inside a page of any language. */
export const english = (name, options, ...children) =>
  make(name, { lang: "en", dir: "auto", ...options }, ...children);

const byId = (id) => document.getElementById(id);

/** Tell a screen reader, and whoever looks, that something was done. */
export function tell(key, values = {}) {
  put(byId("said"), key, values);
}

/** Whether some work could be done; tells when it could not. */
export async function done(work) {
  try {
    await work();
    return true;
  } catch {
    tell("wrong.load");
    return false;
  }
}

/** Say nothing more. */
export function hush() {
  const said = byId("said");
  delete said.dataset.word;
  said.textContent = "";
}

/** Ask before something that cannot be undone. */
export function sure({ title, about, yes, no }) {
  const dialog = byId("ask");
  put(byId("ask-title"), ...pair(title));
  put(byId("ask-about"), ...pair(about));
  put(byId("ask-yes"), yes);
  put(byId("ask-no"), no);
  return new Promise((resolve) => {
    const over = new AbortController();
    const { signal } = over;
    byId("ask-yes").addEventListener("click", () => dialog.close("yes"), { signal });
    byId("ask-no").addEventListener("click", () => dialog.close(""), { signal });
    dialog.addEventListener("close", () => {
      over.abort();
      resolve(dialog.returnValue === "yes");
    }, { signal });
    dialog.returnValue = "";
    dialog.showModal();
  });
}
