// The form of one tutor: everything of its file, checked while it is written.

import { ask, button, capital, choice, count, faultText, languageName, make, Refused, show, sure, tell } from "/teach_page.js";
import { HELP, SAID } from "/teach_help.js";
import { preview } from "/teach_preview.js";

const EMPTY = { title: "", base: "", prompt: "", levels: ["recast", "focused", "prompt", "clue"], cap: "",
  topics: [], starters: [], knowledge: [], l1: "", level: "" };
const CHECK_MS = 500; // after the last key

/** The form that is open, if one is. */
let open = null;

/** Whether the form may be left: nothing is unsaved, or the reader says so. */
export async function mayLeave() {
  if (open?.changed() && !(await sure("Leave without saving?", "What you changed is lost.", "Leave"))) return false;
  open = null;
  return true;
}

addEventListener("beforeunload", (event) => {
  if (open?.changed()) event.preventDefault();
});

export async function showForm({ view, rest: [name] }) {
  const offered = await ask("GET", "/api/teach/tutors");
  const fresh = view === "new";
  const kept = fresh ? null : await ask("GET", `/api/teach/tutors/${encodeURIComponent(name)}`);
  const tutor = { ...EMPTY, ...(fresh ? offered.examples[name] : kept.tutor) };
  const form = new Form({ offered, tutor, name: fresh ? (name ?? "") : name, kept });
  show(fresh ? "New tutor" : tutor.title || name,
    make("div", { class: "bench" }, form.node, preview(() => form.read())));
  open = form;
  form.check();
}

/** A labelled field with its hint and, when something is wrong, what. */
function field(key, label, hint, input) {
  input.id = `f-${key}`;
  input.setAttribute("aria-describedby", `h-${key} e-${key}`);
  return make("div", { class: "field" },
    make("label", { for: input.id }, label),
    make("p", { class: "hint", id: `h-${key}` }, hint),
    input,
    make("p", { class: "fault", id: `e-${key}` }),
  );
}

const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
const slug = (title) => title.normalize("NFD").toLowerCase().replace(/\p{M}/gu, "")
  .replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 40).replace(/-+$/, "");

class Form {
  constructor({ offered, tutor, name, kept }) {
    this.kept = kept;
    this.mayKeep = offered.kept;
    this.shownFaults = new Set(kept ? Object.keys(EMPTY) : []);
    this.make(offered, tutor, name);
    this.saved = JSON.stringify(this.read());
    this.node.addEventListener("input", (event) => this.typed(event.target));
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
  }

  make(offered, tutor, name) {
    const area = (rows, value, more = {}) => {
      const node = make("textarea", { rows, dir: "auto", ...more });
      node.value = value;
      return node;
    };
    const line = (value, more = {}) => make("input", { type: "text", dir: "auto", value, autocomplete: "off", ...more });
    this.title = line(tutor.title, { maxlength: 80 });
    this.name = line(name, { maxlength: 40, spellcheck: "false", readonly: Boolean(this.kept), dir: "ltr" });
    this.nameFree = !this.kept && !name;
    this.base = choice(offered.bases.map((base) => [base.name, base.title]), tutor.base || offered.bases[0].name);
    this.prompt = area(7, tutor.prompt);
    this.cap = choice([["", "All that is ticked"], ...HELP.map(({ level, name: text }) => [level, `${text} at most`])], tutor.cap);
    this.topics = area(4, tutor.topics.join("\n"));
    this.starters = area(4, tutor.starters.join("\n"));
    this.l1 = choice([["", "Any"], ...Object.keys(offered.l1).map((code) => [code, languageName(code)])], tutor.l1);
    this.level = choice([["", "Any"], ...offered.levels.map((level) => [level, level])], tutor.level);
    this.notes = make("div", { class: "notes" });
    for (const note of tutor.knowledge) this.addNote(note);
    this.meter = make("meter", { min: 0, "aria-labelledby": "spent" });
    this.spent = make("span", { id: "spent" });
    this.node = make("form", { class: "sheet", novalidate: true, "aria-label": "The tutor", autocomplete: "off" },
      this.partWho(), this.partHelp(tutor), this.partTalk(), this.partKnowledge(), this.partEarlier(), this.partEnd());
  }

  partWho() {
    return make("section", {},
      make("h2", {}, "Who it is"),
      field("title", "Title", "What learners read when they choose.", this.title),
      field("name", "Name", this.kept ? "Its name stays; programs call it by this." : "Small letters, digits and hyphens; programs call it by this.", this.name),
      field("base", "Voice", "The trained tutor that speaks.", this.base),
      field("prompt", "Instructions", "Role, behaviour, boundaries, style. Learners never see them. How errors are answered need not stand here: it is added to every turn, in the words of the training.", this.prompt),
    );
  }

  partHelp(tutor) {
    this.levels = HELP.map(({ level }) =>
      make("input", { type: "checkbox", id: `l-${level}`, value: level, checked: tutor.levels.includes(level), "aria-describedby": `a-${level}` }));
    return make("section", {},
      make("fieldset", { id: "f-levels", tabindex: "-1", "aria-describedby": "h-levels e-levels" },
        make("legend", {}, "How it may help"),
        make("p", { class: "hint", id: "h-levels" }, "For every error the tutor takes the gentlest help that fits the learner, of those that are ticked. It may always let an error pass."),
        make("p", { class: "said" }, make("span", { class: "faint" }, "A learner writes: "), make("q", { lang: "en" }, SAID)),
        HELP.map(({ level, name, about, example }, place) =>
          make("div", { class: "help" },
            this.levels[place],
            make("label", { for: `l-${level}` }, name),
            make("div", { id: `a-${level}` }, make("p", {}, about), make("q", { lang: "en" }, example)))),
        make("p", { class: "fault", id: "e-levels" }),
      ),
      field("cap", "Most open help", "Learners may ask for less, never for more.", this.cap),
    );
  }

  partTalk() {
    return make("section", {},
      make("h2", {}, "What to talk about"),
      field("topics", "Topics", "One a line; a learner may choose one.", this.topics),
      field("starters", "Sentences to begin with", "One a line, as a learner would write them, mistakes and all.", this.starters),
      make("div", { class: "pair" },
        field("l1", "First language", "Where learners tell none.", this.l1),
        field("level", "Level", "Where learners tell none.", this.level)),
    );
  }

  partKnowledge() {
    return make("section", {},
      make("fieldset", { id: "f-knowledge", tabindex: "-1", "aria-describedby": "h-knowledge e-knowledge" },
        make("legend", {}, "What it knows"),
        make("p", { class: "hint", id: "h-knowledge" }, "Short notes that the tutor is given with every turn: opening hours, names, a summary of today's reading."),
        this.notes,
        button("Add a note", () => {
          this.addNote("").focus();
          this.typed(this.notes);
        }),
        make("p", { class: "fault", id: "e-knowledge" })),
      make("p", { class: "spent" }, this.meter, this.spent),
    );
  }

  partEarlier() {
    const earlier = this.kept?.earlier ?? [];
    if (earlier.length === 0) return null;
    const chosen = choice(earlier.toReversed().map((number) => [number, `Version ${number}`]), earlier.at(-1), { id: "earlier" });
    return make("section", {},
      make("div", { class: "row" },
        make("label", { for: "earlier" }, "Earlier versions"), chosen,
        button("Open in the form", () => this.reopen(chosen.value))));
  }

  partEnd() {
    return make("section", { class: "end" },
      make("p", { class: "fault", id: "e-all", role: "alert" }),
      make("div", { class: "row" },
        make("button", { class: "firm", disabled: !this.mayKeep }, "Save"),
        button("Try it", () => document.getElementById("try").focus(), { class: "quiet narrow" }),
        this.kept && button("Take it away", () => this.remove())));
  }

  addNote(text) {
    const number = this.notes.children.length + 1;
    const note = make("textarea", { rows: 3, dir: "auto", "aria-label": `Note ${number}` });
    note.value = text;
    const row = make("div", { class: "note-row" }, note,
      button("Remove", () => {
        const next = row.nextElementSibling ?? row.previousElementSibling;
        row.remove();
        (next?.querySelector("textarea") ?? this.node.querySelector("#f-knowledge")).focus();
        this.typed(this.notes);
      }, { "aria-label": `Remove note ${number}` }));
    this.notes.append(row);
    return note;
  }

  /** The tutor as the form has it now. */
  read() {
    return {
      title: this.title.value.trim(),
      base: this.base.value,
      prompt: this.prompt.value.trim(),
      levels: ["pass", ...this.levels.filter((box) => box.checked).map((box) => box.value)],
      cap: this.cap.value,
      topics: lines(this.topics.value),
      starters: lines(this.starters.value),
      knowledge: [...this.notes.querySelectorAll("textarea")].map((note) => note.value.trim()).filter(Boolean),
      l1: this.l1.value,
      level: this.level.value,
    };
  }

  changed() {
    return JSON.stringify(this.read()) !== this.saved;
  }

  typed(target) {
    if (target === this.name) this.nameFree = false;
    if (target === this.title && this.nameFree) this.name.value = slug(this.title.value);
    const place = target.closest?.("[id^=f-]")?.id.slice(2);
    if (place) this.shownFaults.add(place);
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.check(), CHECK_MS);
  }

  /** Ask the server what is wrong; the first field at fault, or "" when nothing is. */
  async check() {
    const asked = { name: this.name.value, tutor: this.read() };
    let found;
    try {
      found = await ask("POST", "/api/teach/check", asked);
    } catch {
      return ""; // saving tells it
    }
    if (found.budget) this.showBudget(found.budget);
    for (const node of this.node.querySelectorAll(".fault[id]:not(#e-all)")) {
      const key = node.id.slice(2);
      const fault = found.faults.find((one) => one.field === key);
      const shown = fault && this.shownFaults.has(key) ? `${capital(fault.text)}.` : "";
      if (node.textContent !== shown) node.textContent = shown;
      const input = this.node.querySelector(`#f-${key}`);
      if (shown) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
    return found.faults[0]?.field ?? "";
  }

  showBudget({ taken, room }) {
    this.meter.max = room;
    this.meter.high = room * 0.8;
    this.meter.optimum = 0;
    this.meter.value = Math.min(taken, room);
    this.spent.textContent = `Instructions and notes take ${count(taken)} of ${count(room)} tokens.`;
  }

  async save() {
    const all = this.node.querySelector("#e-all");
    all.textContent = "";
    clearTimeout(this.waiting);
    for (const node of this.node.querySelectorAll(".fault")) this.shownFaults.add(node.id.slice(2));
    const wrong = await this.check();
    if (wrong) {
      this.node.querySelector(`#f-${wrong}`)?.focus();
      return;
    }
    const name = this.name.value;
    const tutor = this.read();
    try {
      const { version } = await ask("PUT", `/api/teach/tutors/${encodeURIComponent(name)}`, { version: this.kept?.version ?? "", tutor });
      this.saved = JSON.stringify(tutor);
      tell("Saved. It answers so from the next message on.");
      if (this.kept) this.kept.version = version;
      else location.hash = `#tutor/${name}`;
    } catch (fault) {
      all.textContent = faultText(fault);
      if (!(fault instanceof Refused)) throw fault;
    }
  }

  async remove() {
    if (!(await sure("Take this tutor away?", "Learners do not find it any more. What they said to it stays. The file is kept in the folder's history.", "Take it away"))) return;
    await ask("DELETE", `/api/teach/tutors/${encodeURIComponent(this.name.value)}?version=${this.kept.version}`);
    this.saved = JSON.stringify(this.read());
    location.hash = "#tutors";
    tell("It is taken away.");
  }

  async reopen(number) {
    const { tutor } = await ask("GET", `/api/teach/tutors/${encodeURIComponent(this.name.value)}?version=${number}`);
    const old = this.node;
    this.make(await ask("GET", "/api/teach/tutors"), { ...EMPTY, ...tutor }, this.name.value);
    old.replaceChildren(...this.node.children);
    this.node = old;
    this.check();
    tell(`Version ${number} is in the form; save to bring it back.`);
  }
}
