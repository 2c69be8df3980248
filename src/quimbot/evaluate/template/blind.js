// Replies side by side. Nothing here knows who wrote them: a reply is an id and a text.

const sides = new Map(); // id of a pair -> places of its replies, as this rater sees them
const buttons = () => [...document.querySelectorAll("[data-choice]")];
const ticks = [...element("why").querySelectorAll("input")];

/** Pairs met again stand in the second half, away from the first time, with their sides swapped. */
function order(draw) {
  const again = sheet.pairs.filter((pair) => pair.again);
  const met = new Set(again.map((pair) => pair.again));
  const others = shuffled(sheet.pairs.filter((pair) => !pair.again && !met.has(pair.id)), draw);
  const half = Math.max(0, Math.floor(sheet.pairs.length / 2) - met.size);
  for (const { id, replies } of sheet.pairs) sides.set(id, shuffled(replies.map((_, n) => n), draw));
  for (const pair of again) sides.set(pair.id, [...sides.get(pair.again)].reverse());
  return [
    ...shuffled([...sheet.pairs.filter((pair) => met.has(pair.id)), ...others.slice(0, half)], draw),
    ...others.slice(half, half + 3),
    ...shuffled([...others.slice(half + 3), ...again], draw),
  ];
}

const shown = (pair) => sides.get(pair.id).map((place) => pair.replies[place]);

function show(pair) {
  showTalk(pair);
  const preferred = pair.replies.length === 2 ? "better" : "best";
  element("replies").replaceChildren(
    ...shown(pair).map(({ text, id }, place) => {
      const block = spoken("reply", `Reply ${place + 1}`, text);
      const button = made("button", "", `Reply ${place + 1} is ${preferred}`);
      const key = made("kbd", "", place + 1);
      key.setAttribute("aria-hidden", "true");
      button.append(key);
      button.setAttribute("aria-keyshortcuts", place + 1);
      button.dataset.choice = id;
      block.append(button);
      return block;
    }),
  );
}

function mark({ choice, why = [] }) {
  for (const button of buttons()) {
    button.setAttribute("aria-pressed", button.dataset.choice === choice);
  }
  for (const tick of ticks) tick.checked = why.includes(tick.value);
  element("asked").textContent = choice === "bad" ? "What was wrong?" : "What decided it?";
  element("more").hidden = !choice;
}

const change = review({
  called: sheet.most === 2 ? "Pair" : "Set",
  count: sheet.pairs.length,
  order,
  show,
  mark,
  judged: (answer) => Boolean(answer.choice),
  row: (pair, { choice, why = [] }) => ({
    pair: pair.id,
    shown: shown(pair).map(({ id }) => id),
    choice,
    why,
  }),
  given: ({ pair, choice, why }) => [pair, { choice, why }],
  keys: {
    ...Object.fromEntries(
      sheet.pairs[0].replies.map((_, place) => [String(place + 1), () => buttons()[place].click()]),
    ),
    t: () => document.querySelector("[data-choice=tie]").click(),
    b: () => document.querySelector("[data-choice=bad]").click(),
    ...Object.fromEntries(ticks.map((tick) => [
        tick.getAttribute("aria-keyshortcuts").toLowerCase(),
        () => element("more").hidden || tick.click(),
      ])),
  },
});

element("item").addEventListener("click", ({ target }) => {
  const choice = target.closest("[data-choice]")?.dataset.choice;
  if (choice) change({ choice });
});
element("why").addEventListener("change", () =>
  change({ why: ticks.filter((tick) => tick.checked).map((tick) => tick.value) }),
);
