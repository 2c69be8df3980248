"use strict";
// What pages for people's judgements share: who judges, in which order, one thing after another,
// every answer kept at once, and a file at the end. Texts are only ever set as text, never as HTML.

const element = (id) => document.getElementById(id);
const sheet = JSON.parse(element("sheet").textContent);

function made(tag, className = "", content = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = content;
  return node;
}

function spoken(className, who, text) {
  const block = made("div", className);
  block.append(made("h2", "", who), made("p", "", text));
  return block;
}

/** What was said, up to the learner's turn that was answered. */
function showTalk({ earlier, learner }) {
  const before = earlier.map(({ role, content }) =>
    role === "user" ? spoken("earlier said", "Learner", content) : spoken("earlier tutor", "Tutor", content),
  );
  element("talk").replaceChildren(...before, spoken("learner", "Learner", learner));
}

// ---- chance that each rater meets again ----------------------------------------------------

/** The checksum of a text, or of a text after another one with the checksum `before`. */
function crc32(text, before = 0) {
  let crc = ~before;
  for (const byte of new TextEncoder().encode(text)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

/** Numbers from 0 to 1 that are the same for the same text (mulberry32). */
function chance(text) {
  let state = crc32(text);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled(list, draw) {
  const left = [...list];
  return list.map(() => left.splice(Math.floor(draw() * left.length), 1)[0]);
}

// ---- what is kept in this browser ----------------------------------------------------------

const memory = new Map(); // where storage is forbidden or full, answers last as long as the page
let lasting = true;

function read(name) {
  if (!lasting && memory.has(name)) return memory.get(name);
  try {
    return JSON.parse(localStorage.getItem(`quimbot ${name}`));
  } catch {
    return null;
  }
}

function keep(name, value) {
  memory.set(name, value);
  try {
    localStorage.setItem(`quimbot ${name}`, JSON.stringify(value));
  } catch {
    lasting = false;
  }
}

// ---- the file at the end -------------------------------------------------------------------

const hex = (crc) => crc.toString(16).padStart(8, "0");

/** The lines of the file: the last field of each is a checksum of all before it in the file. */
function written(rows) {
  let crc = 0;
  return rows
    .map((row) => {
      const text = JSON.stringify(row).slice(0, -1);
      crc = crc32(text, crc);
      return `${text},"check":"${hex(crc)}"}\n`;
    })
    .join("");
}

/** The rows of such a file; throws when it is another or was changed. */
function readBack(text) {
  let crc = 0;
  const lines = text.replace(/^\ufeff/, "").split("\n").map((line) => line.trim()).filter(Boolean);
  const rows = lines.map((line) => {
    const [, body, check] = line.match(/^(.*),"check":"([0-9a-f]{8})"\}$/);
    crc = crc32(body, crc);
    const row = JSON.parse(line);
    if (hex(crc) !== check || row.sheet !== sheet.id) throw new Error(line);
    return row;
  });
  if (!rows.length) throw new Error("empty");
  return rows;
}

function fileName(rater) {
  const plain = rater.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
  return `${plain || "answers"}.jsonl`;
}

// ---- one thing after another ---------------------------------------------------------------

/** Runs the page. `page` says what is judged:
 *
 *  called             what one thing is called, such as "Pair"
 *  count              how many there are
 *  order(draw)        all of them, each with an `id`, as this rater meets them
 *  show(thing)        draws one
 *  mark(answer)       shows what was answered
 *  judged(answer)     whether it counts as answered
 *  row(thing, answer) what the file says about it
 *  given(row)         id and answer that the file tells
 *  keys               key -> what it does
 *
 * Returns `change(changes)`, which keeps changes of the answer to the thing shown.
 */
function review(page) {
  let rater = "";
  let things = [];
  let answers = {};
  let at = 0;
  let since = null; // when the thing shown came into sight
  let unsaved = false;

  const shelf = (name = rater) => `${sheet.id} ${name.toLowerCase()}`;
  const judged = (thing) => page.judged(answers[thing.id] ?? {});
  const open = () => things.filter((thing) => !judged(thing));

  /** Keeps changes of one answer beside what another tab has kept meanwhile. */
  function update(thing, changes) {
    answers = { ...answers, ...read(shelf()) };
    answers[thing.id] = { ...answers[thing.id], ...changes };
    keep(shelf(), answers);
    unsaved = true;
  }

  function showAnswer() {
    const answer = answers[things[at].id] ?? {};
    if (element("note").value !== (answer.note ?? "")) element("note").value = answer.note ?? "";
    page.mark(answer);
    showProgress();
  }

  function change(changes) {
    update(things[at], changes);
    showAnswer();
  }

  /** Adds the time that the thing shown was in sight. */
  function clock(running) {
    if (since !== null) {
      const thing = things[at];
      update(thing, { ms: (answers[thing.id]?.ms ?? 0) + Math.round(performance.now() - since) });
    }
    since = running ? performance.now() : null;
  }

  function screen(name, heading) {
    for (const id of ["start", "item", "end"]) element(id).hidden = id !== name;
    scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }

  function showProgress() {
    const progress = element("progress");
    progress.max = things.length;
    progress.value = things.length - open().length;
    const last = at === things.length - 1;
    element("next").classList.toggle("main", judged(things[at]));
    element("next").textContent = last ? "Finish" : judged(things[at]) ? "Go on" : "Skip";
    element("unkept").hidden = lasting;
  }

  function go(to) {
    clock(false);
    if (to < 0) return;
    if (to >= things.length) return finish();
    at = to;
    element("where").textContent = `${page.called} ${at + 1} of ${things.length}`;
    element("back").disabled = at === 0;
    page.show(things[at]);
    showAnswer();
    screen("item", element("where"));
    clock(true);
  }

  function firstOpen() {
    const found = things.findIndex((thing) => !judged(thing));
    return found < 0 ? things.length - 1 : found;
  }

  function begin(name) {
    rater = name;
    things = page.order(chance(shelf()));
    answers = read(shelf()) ?? {};
    keep(`${sheet.id} last`, rater);
    if (open().length) go(firstOpen());
    else finish();
  }

  // ---- start -------------------------------------------------------------------------------

  const named = () => element("rater").value.trim().replace(/\s+/g, " ").normalize("NFC");
  keep("tried", true);
  if (!lasting) element("kept").textContent = "This browser keeps nothing: save before you close the page.";
  const usual = element("kept").textContent;

  function showKept() {
    const before = Object.values(read(shelf(named())) ?? {}).filter(page.judged).length;
    element("begin").textContent = before ? "Continue" : "Begin";
    element("kept").textContent = before
      ? `${before} of ${page.count} judged here as ${named()}; you continue where you stopped.`
      : usual;
  }

  element("rater").value = read(`${sheet.id} last`) ?? "";
  element("rater").addEventListener("input", showKept);
  element("who").addEventListener("submit", (event) => {
    event.preventDefault();
    if (named()) begin(named());
  });
  element("earlier").addEventListener("change", async ({ target }) => {
    const [file] = target.files;
    if (!file) return;
    try {
      const rows = readBack(await file.text());
      element("rater").value = rows[0].rater;
      const told = rows.map((row) => {
        const [id, answer] = page.given(row);
        return [id, { ...answer, note: row.note, ms: 1000 * row.seconds }];
      });
      const here = read(shelf(named())) ?? {};
      const open = told.filter(([id]) => !page.judged(here[id] ?? {})); // what was answered here stays
      keep(shelf(named()), { ...here, ...Object.fromEntries(open) });
      showKept();
    } catch {
      element("kept").textContent = `${file.name} is not what this page saved, or was changed since.`;
    }
    target.value = "";
  });
  element("keys").open = matchMedia("(hover: hover) and (min-width: 40rem)").matches;
  element("single").checked = read("keys") ?? true;
  element("single").addEventListener("change", (event) => keep("keys", event.target.checked));

  // ---- end ---------------------------------------------------------------------------------

  function text() {
    const row = (thing, place) => {
      const answer = answers[thing.id];
      const seconds = Math.round((answer.ms ?? 0) / 1000);
      const said = page.row(thing, answer);
      return { sheet: sheet.id, rater, place: place + 1, ...said, note: answer.note ?? "", seconds };
    };
    return written(things.map((thing, place) => judged(thing) && row(thing, place)).filter(Boolean));
  }

  function finish() {
    clock(false);
    const left = open().length;
    element("thanks").textContent = left ? "Stop for now" : `Thank you, ${rater}.`;
    element("sum").textContent = left
      ? `${things.length - left} of ${things.length} are judged. ` +
        (lasting
          ? "They stay in this browser: open the page again, give the same name and continue."
          : "This browser keeps nothing: save before you close the page.")
      : `All ${things.length} are judged.`;
    element("resume").textContent = left ? "Continue" : "Look through them again";
    const save = element("save");
    URL.revokeObjectURL(save.href);
    save.href = URL.createObjectURL(new Blob([text()], { type: "application/jsonl" }));
    save.download = fileName(rater);
    save.textContent = `Save ${save.download}`;
    element("text").value = text();
    element("copied").textContent = "";
    screen("end", element("thanks"));
  }

  element("resume").addEventListener("click", () => go(open().length ? firstOpen() : 0));
  element("save").addEventListener("click", () => (unsaved = false));
  addEventListener("beforeunload", (event) => {
    if (!lasting && unsaved) event.preventDefault();
  });
  element("copy").addEventListener("click", async () => {
    element("text").select();
    try {
      await navigator.clipboard.writeText(element("text").value);
      element("copied").textContent = "Copied.";
    } catch {
      element("copied").textContent = "Selected; now copy it with your keyboard or by a long press.";
    }
  });

  // ---- keys and buttons --------------------------------------------------------------------

  element("next").addEventListener("click", () => go(at + 1));
  element("back").addEventListener("click", () => go(at - 1));
  element("stop").addEventListener("click", finish);
  element("note").addEventListener("input", (event) => change({ note: event.target.value }));
  document.addEventListener("visibilitychange", () => {
    if (!element("item").hidden) clock(!document.hidden);
  });
  addEventListener("pagehide", () => clock(false));
  addEventListener("storage", ({ key }) => {
    if (element("item").hidden || key !== `quimbot ${shelf()}`) return;
    answers = { ...answers, ...read(shelf()) };
    showAnswer();
  });

  const keys = {
    ...page.keys,
    [element("note").getAttribute("aria-keyshortcuts").toLowerCase()]: () => element("note").focus(),
    arrowright: () => go(at + 1),
    arrowleft: () => go(at - 1),
  };
  document.addEventListener("keydown", (event) => {
    if (element("item").hidden || event.repeat || event.isComposing) return;
    if (event.target === element("note")) {
      if (event.key === "Escape") element("where").focus();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !element("single").checked) return;
    const resting = event.target === document.body || event.target === element("where");
    const act = event.key === "Enter" && resting ? keys.arrowright : keys[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });

  showKept();
  screen("start", element("start").querySelector("h1"));
  element("rater").focus({ preventScroll: true }); // what is asked is read first
  return change;
}
