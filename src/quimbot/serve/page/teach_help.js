// The levels of help in plain words, each with an example.

export const SAID = "Yesterday I go to the market.";

export const HELP = [
  {
    level: "recast",
    name: "Recast",
    about: "Says it back right inside a natural answer. The talk simply goes on.",
    example: "Oh, you went to the market? What did you buy?",
  },
  {
    level: "focused",
    name: "Focused recast",
    about: "Says only the right words back first, short and easy to hear.",
    example: "You went to the market. What did you buy?",
  },
  {
    level: "prompt",
    name: "Prompt",
    about: "Asks for another try and does not give the answer.",
    example: "Sorry, you did what yesterday? Can you say it again?",
  },
  {
    level: "clue",
    name: "Clue",
    about: "Says what to think of, and does not give the answer.",
    example: "It was yesterday, so think of the form of the verb. Can you try again?",
  },
];

export const levelName = (level) => HELP[level - 1]?.name ?? "Let pass";

export const KINDS = {
  article: "Articles",
  tense: "Tense",
  "verb-form": "Verb forms",
  agreement: "Agreement",
  preposition: "Prepositions",
  "noun-number": "Singular and plural",
  pronoun: "Pronouns",
  "word-form": "Word forms",
  "word-order": "Word order",
  "word-choice": "Word choice",
  linking: "Linking words",
  spelling: "Spelling",
};
