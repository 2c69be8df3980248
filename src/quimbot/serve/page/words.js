// The interface in the reader's language. A node keeps the key of its words, so that a change of
// language finds every one again, on the page or not.

export const LANGUAGES = { en: "English", es: "Español", zh: "中文", ar: "العربية", ko: "한국어" };
const KEPT = "quimbot.language";

let spoken = "en";
let words = {};

export const language = () => spoken;
const tag = () => (spoken === "zh" ? "zh-Hans" : spoken);
const rightToLeft = () => spoken === "ar";

/** The first language of the browser that the page speaks; what was chosen here before wins. */
export function preferred() {
  let kept = null;
  try {
    kept = localStorage.getItem(KEPT);
  } catch {
    // Storage may be forbidden.
  }
  const asked = [kept, ...navigator.languages].map((one) => one?.split("-")[0]);
  return asked.find((one) => one in LANGUAGES) ?? "en";
}

/** Speak a language from now on. */
export async function speak(code) {
  const response = await fetch(`/words/${code}.json`);
  words = await response.json();
  spoken = code;
  try {
    localStorage.setItem(KEPT, code);
  } catch {
    // It is chosen anew next time.
  }
  document.documentElement.lang = tag();
  document.documentElement.dir = rightToLeft() ? "rtl" : "ltr";
  translate(document);
}

/** The words of a key with its `{blanks}` filled. */
export function word(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => apart(values[name]));
}

export const knows = (key) => key in words;

/** Foreign words keep their own direction inside a line that is read from the right. */
const apart = (value) => (rightToLeft() ? `\u2068${value}\u2069` : `${value}`);

const PLACES = { word: "textContent", label: "ariaLabel", hint: "placeholder" };

/** Give a node words that follow the language: as its text, its label or its hint. */
export function put(node, key, values = {}, place = "word") {
  node.dataset[place] = key;
  node.dataset[`${place}Values`] = JSON.stringify(values);
  if (place === "word") node.lang = tag(); // it may stand among English words
  node[PLACES[place]] = word(key, values);
  return node;
}

/** Put every word below a node into the language that is spoken. */
export function translate(root) {
  for (const place of Object.keys(PLACES)) {
    for (const node of root.querySelectorAll(`[data-${place}]`)) {
      const values = JSON.parse(node.dataset[`${place}Values`] ?? "{}");
      put(node, node.dataset[place], values, place);
    }
  }
}

// ---- numbers, times and lists as the language writes them ------------------------------------

export const count = (number) => new Intl.NumberFormat(tag()).format(number);

export const seconds = (number) =>
  new Intl.NumberFormat(tag(), { style: "unit", unit: "second", unitDisplay: "long" }).format(number);

export const list = (items) => new Intl.ListFormat(tag(), { type: "conjunction" }).format(items);

export const date = (at) =>
  new Intl.DateTimeFormat(tag(), { day: "numeric", month: "long", year: "numeric" }).format(at * 1000);

/** A day and the time of it. */
export const moment = (at) =>
  new Intl.DateTimeFormat(tag(), { dateStyle: "medium", timeStyle: "short" }).format(at * 1000);

/** Roughly when: next time we talk, or in so many days, weeks or months. */
export function roughly(at) {
  const days = Math.round((at - Date.now() / 1000) / 86400);
  if (days < 1) return word("when.next");
  const [number, unit] =
    days < 14 ? [days, "day"] : days < 60 ? [Math.round(days / 7), "week"] : [Math.round(days / 30), "month"];
  return new Intl.RelativeTimeFormat(tag(), { numeric: "auto" }).format(number, unit);
}

/** The name of a language in the language that is spoken. */
export const nameOf = (code) => new Intl.DisplayNames(tag(), { type: "language" }).of(code);
