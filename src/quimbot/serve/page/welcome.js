// Before a conversation: a few questions that nobody has to answer, and what to talk about.

import { button, english, make } from "/nodes.js";
import { firstLanguage, languages, level } from "/me.js";
import { knows, language, list, word } from "/words.js";

const TOPICS = ["day", "food", "people", "work", "study", "places", "films", "plans"];

/** What stands on the page before the first word; `begin(topic)` and `say(text)` start to talk. */
export function welcome({ tutors, tutor, choose, speak, first, due, begin, say }) {
  const chosen = tutors.find((one) => one.name === tutor) ?? tutors[0];
  return make(
    "section",
    { className: "welcome" },
    first && languages(language(), speak),
    make("h1", { tabindex: "-1", word: first ? "welcome" : "welcome.again" }),
    make("p", { className: "lead", word: first ? "welcome.about" : "welcome.write" }),
    due.length > 0 &&
      make("p", {
        className: "due",
        word: ["welcome.due", { kinds: list(due.map((kind) => word(`kind.${kind}`))) }],
      }),
    first && make("p", { className: "faint", word: "welcome.optional" }),
    make(
      "div",
      { className: "about-you" },
      first && firstLanguage(),
      first && level(),
      tutors.length > 1 && tutorChoice(tutors, chosen, choose),
    ),
    topics(chosen, begin),
    chosen?.starters.length > 0 && starters(chosen, say),
  );
}

function tutorChoice(tutors, chosen, choose) {
  const select = make("select", { id: "tutor" });
  for (const one of tutors) select.append(make("option", { value: one.name, text: one.title }));
  select.value = chosen.name;
  select.addEventListener("change", () => choose(select.value));
  return make("label", { className: "field" }, make("span", { word: "tutor" }), select);
}

function topics(tutor, begin) {
  const offered = tutor?.topics.length ? tutor.topics : TOPICS;
  const chips = offered.map((topic) => {
    const key = `topic.${topic}`;
    const options = knows(key) ? {} : { text: topic, dir: "auto" };
    const chip = button(knows(key) ? key : null, () => begin(topic), options);
    return make("li", {}, chip);
  });
  return make(
    "div",
    {},
    make("h2", { id: "topics", word: "topic" }),
    make("ul", { className: "chips", "aria-labelledby": "topics" }, ...chips),
  );
}

function starters(tutor, say) {
  const lines = tutor.starters.map((sentence) => {
    const line = english("button", { type: "button", className: "starter", text: sentence });
    line.addEventListener("click", () => say(sentence));
    return make("li", {}, line);
  });
  return make(
    "div",
    {},
    make("h2", { id: "starters", word: "welcome.starters" }),
    make("ul", { className: "starters", "aria-labelledby": "starters" }, ...lines),
  );
}
