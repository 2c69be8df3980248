// What every view of the teachers' page needs: nodes, the server, a question, a word to the reader.
// Text from people and models is only ever set as text, never as HTML.

import { eventsOf } from "./events.js";

const SHOWN_MS = 5000; // long enough for a sentence

export const byId = (id) => document.getElementById(id);

/** A new node; `on` holds its listeners, strings among the children are text. */
export function make(tag, { on = {}, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== undefined) node.setAttribute(name, value);
  }
  for (const [name, does] of Object.entries(on)) node.addEventListener(name, does);
  node.append(...real(children));
  return node;
}

/** The children that are there, out of lists and conditions. */
const real = (children) => children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);

/** A button that does something. */
export const button = (text, does, attributes = {}) =>
  make("button", { type: "button", class: "quiet", ...attributes, on: { click: does } }, text);

/** A drop-down list of [value, text] pairs. */
export function choice(pairs, value, attributes = {}) {
  const node = make("select", attributes, pairs.map(([key, text]) => new Option(text, key)));
  node.value = value;
  return node;
}

/** Show a view: its title is the page's, and the reader stands at its beginning. */
export function show(title, ...children) {
  document.title = `${title} – quimbot`;
  byId("main").replaceChildren(make("h1", { tabindex: "-1" }, title), ...real(children));
  scrollTo(0, 0);
}

/** Tell whoever looks or listens that something was done. */
export function tell(text) {
  byId("said").textContent = text;
  clearTimeout(tell.over);
  tell.over = setTimeout(() => { byId("said").textContent = ""; }, SHOWN_MS);
}

/** Ask before something that cannot be undone; true when it shall be done. */
export function sure(title, about, yes) {
  const dialog = byId("ask");
  byId("ask-title").textContent = title;
  byId("ask-about").textContent = about;
  byId("ask-yes").textContent = yes;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

// ---- the server ------------------------------------------------------------------------------

/** What the server did not do, in its own words. */
export class Refused extends Error {
  constructor(status, error) {
    super(error?.message ?? "the server did not answer");
    this.status = status;
    this.code = error?.code;
    this.field = error?.param;
  }
}

async function send(method, path, body, signal) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const response = await fetch(path, { method, headers, body: JSON.stringify(body), signal });
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  throw new Refused(response.status, told.error);
}

/** The server's answer. */
export async function ask(method, path, body) {
  const response = await send(method, path, body);
  return response.status === 204 ? null : response.json();
}

/** The events of a reply, until the one that says it is done. */
export async function* events(path, body, signal) {
  const response = await send("POST", path, body, signal);
  for await (const told of eventsOf(response)) {
    if (told.error) throw new Refused(500, told.error);
    yield told;
  }
}

/** Words of the server with a capital, as a sentence begins. */
export const capital = (text) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

/** A fault as a sentence. */
export function faultText(fault) {
  if (fault instanceof Refused) return `${capital(fault.message)}.`;
  return "The server cannot be reached. Please try again.";
}

// ---- numbers and times -----------------------------------------------------------------------

export const count = (number) => new Intl.NumberFormat("en").format(number);
export const percent = (part, whole) => (whole ? `${Math.round((100 * part) / whole)} %` : "–");
export const day = (at) =>
  new Intl.DateTimeFormat("en", { day: "numeric", month: "short", year: "numeric" }).format(at * 1000);
export const moment = (at) =>
  new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" }).format(at * 1000);
export function span(seconds) {
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
const names = new Intl.DisplayNames("en", { type: "language" });
export function languageName(code) {
  try {
    return code ? names.of(code) : "Not told";
  } catch {
    return code; // what somebody typed is no language code
  }
}
