// One reply at a time, and the same questions about each.

const asked = [...document.querySelectorAll("[data-question]")];
let given = {}; // answers about the reply shown
let marked = 0; // which question the keys answer

function reveal(shown) {
  element("right").hidden = !shown;
  element("reveal").setAttribute("aria-expanded", shown);
}

function point(place) {
  marked = place;
  asked.forEach((question, n) => question.setAttribute("aria-current", n === marked));
}

function show(reply) {
  showTalk(reply);
  element("right").replaceChildren(...reply.right.map((text) => made("p", "", text)));
  element("reply").replaceChildren(spoken("reply", "Tutor", reply.reply));
  reveal(false);
  marked = 0;
}

/** Shows what was answered; the keys go on to the first question that is open. */
function mark({ answers = {} }) {
  given = answers;
  for (const question of asked) {
    const answer = given[question.dataset.question];
    for (const button of question.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", answer === (button.value === "yes"));
    }
  }
  const open = asked.findIndex((question) => !(question.dataset.question in given));
  point(open < 0 ? marked : open);
}

const change = review({
  called: "Reply",
  count: sheet.replies.length,
  order: (draw) => shuffled(sheet.replies, draw),
  show,
  mark,
  judged: ({ answers = {} }) => sheet.questions.every((question) => question in answers),
  row: (reply, { answers }) => ({
    reply: reply.id,
    answers: Object.fromEntries(sheet.questions.map((question) => [question, answers[question]])),
  }),
  given: ({ reply, answers }) => [reply, { answers }],
  keys: {
    y: () => answer(asked[marked], true),
    n: () => answer(asked[marked], false),
    c: () => element("reveal").click(),
    ...Object.fromEntries(asked.map((_, place) => [String(place + 1), () => point(place)])),
  },
});

function answer(question, yes) {
  marked = asked.indexOf(question);
  change({ answers: { ...given, [question.dataset.question]: yes } });
}

element("questions").addEventListener("click", ({ target }) => {
  const button = target.closest("button[value]");
  if (button) answer(button.closest("[data-question]"), button.value === "yes");
});
element("reveal").addEventListener("click", () => reveal(element("right").hidden));
