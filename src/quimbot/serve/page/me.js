// Who is here, and what they chose.

import { button, done, make, tell } from "/nodes.js";
import { ask } from "/server.js";
import { LANGUAGES, nameOf } from "/words.js";

/** Languages that many learners of English bring along; those that the tutors know come first. */
const FIRST = ["es", "zh", "ar", "ko"];
const OTHERS = ["bn", "fr", "ht", "hi", "it", "ja", "pl", "pt", "ru", "tr", "uk", "ur", "vi"];
const LEVELS = ["", "A2", "B1", "B2", "C1"];
const HELP = [0, 1, 2, 3, 4];

let person = null;

export const me = () => person;

/** Ask the server who is here; throws as `ask` does. */
export async function meet() {
  person = await ask("GET", "/api/me");
  return person;
}

/** Change something about oneself, and say that it is kept. */
export async function change(what) {
  const kept = await done(async () => {
    person = await ask("PUT", "/api/me", what);
  });
  if (kept) tell("saved");
}

const changeProfile = (what) => change({ profile: { ...person.profile, ...what } });

/** A choice of first language. */
export function firstLanguage() {
  const select = make("select", {});
  select.append(make("option", { value: "", word: "first-language.none" }));
  for (const code of [...FIRST, ...OTHERS]) {
    const own = LANGUAGES[code] ?? new Intl.DisplayNames(code, { type: "language" }).of(code);
    const here = nameOf(code);
    const text = own.toLowerCase() === here.toLowerCase() ? own : `${own} – ${here}`;
    select.append(make("option", { value: code, text }));
  }
  select.append(make("option", { value: "other", word: "first-language.other" }));
  select.value = person.profile.l1;
  select.addEventListener("change", () => changeProfile({ l1: select.value }));
  return make("label", { className: "field" }, make("span", { word: "first-language" }), select);
}

/** A choice of level, in plain words. */
export function level() {
  const select = make("select", {});
  for (const value of LEVELS) select.append(make("option", { value, word: `level.${value || "none"}` }));
  select.value = person.profile.level;
  select.addEventListener("change", () => changeProfile({ level: select.value }));
  return make("label", { className: "field" }, make("span", { word: "level" }), select);
}

/** A choice of the most open help. */
export function help() {
  const options = HELP.map((value) => {
    const input = make("input", { type: "radio", name: "help", checked: value === person.profile.cap });
    input.addEventListener("change", () => changeProfile({ cap: value }));
    const about = make("span", { className: "faint", word: `help.${value}.about` });
    const text = make("span", {}, make("b", { word: `help.${value}` }), about);
    return make("label", { className: "choice" }, input, text);
  });
  return make("fieldset", {}, make("legend", { word: "settings.help" }), ...options);
}

/** Whether instructors may read along. */
export function consent() {
  const input = make("input", { type: "checkbox", checked: person.consent, "aria-describedby": "consent-about" });
  input.addEventListener("change", () => change({ consent: input.checked }));
  return make(
    "div",
    {},
    make("label", { className: "choice" }, input, make("span", { word: "settings.consent" })),
    make("p", { id: "consent-about", className: "faint", word: "settings.consent.about" }),
  );
}

/** The page's language as a row of buttons; each is named in its own language. */
export function languages(chosen, does) {
  const row = make("div", { className: "row languages", role: "group", label: "settings.language" });
  for (const [code, name] of Object.entries(LANGUAGES)) {
    const one = button(null, () => does(code), { text: name, lang: code === "zh" ? "zh-Hans" : code });
    one.setAttribute("aria-pressed", code === chosen);
    row.append(one);
  }
  return row;
}

/** Fill the chooser of the page's language. */
export function languageChooser(select, chosen, does) {
  for (const [code, name] of Object.entries(LANGUAGES)) {
    select.append(make("option", { value: code, text: name, lang: code === "zh" ? "zh-Hans" : code }));
  }
  select.value = chosen;
  select.addEventListener("change", () => does(select.value));
}

