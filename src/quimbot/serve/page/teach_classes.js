// Classes: who is in them, how one comes in, and what happened there in a period.

import { ask, button, choice, count, day, faultText, languageName, make, percent, show, span, sure, tell } from "/teach_page.js";
import { KINDS } from "/teach_help.js";

const PERIODS = [[7, "The last 7 days"], [30, "The last 30 days"], [90, "The last 90 days"], [3650, "All the time"]];
const FEW = "fewer than 3";

// ---- the list --------------------------------------------------------------------------------

export async function showClasses() {
  const { classes, accounts, owner } = await ask("GET", "/api/teach/classes");
  show("Classes",
    make("p", { class: "lead" }, "A class is a group of learners whom you invited. You see how it goes for them; what they said you read only if they agree."),
    !accounts && make("p", { class: "note" },
      "This server has one person only. To invite others, start it with ", make("code", {}, "--accounts"), "."),
    classes.length > 0 && make("ul", { class: "cards" }, classes.map((one) =>
      make("li", { class: "card" },
        make("h2", {}, make("a", { href: `#class/${one.id}` }, one.name)),
        make("p", { class: "faint" }, `${learners(one.learners)} · since ${day(one.made)}${one.mine ? "" : ` · taught by ${one.instructor || "somebody else"}`}`)))),
    accounts && adding(),
    accounts && owner && instructorLink(),
  );
}

const learners = (number) => (number === 1 ? "1 learner" : `${count(number)} learners`);

function adding() {
  const name = make("input", { type: "text", id: "class-name", maxlength: 80, autocomplete: "off", dir: "auto", required: true });
  return make("section", {},
    make("h2", {}, "A new class"),
    make("form", { class: "row", on: { submit: doing(async () => {
      const made = await ask("POST", "/api/teach/classes", { name: name.value.trim() });
      location.hash = `#class/${made.id}`;
    }) } }, make("label", { class: "unseen", for: "class-name" }, "Name of the class"), name, make("button", { class: "firm" }, "Make it")));
}

function instructorLink() {
  return make("section", {},
    make("h2", {}, "Invite an instructor"),
    make("p", { class: "faint" }, "Instructors make tutors and classes of their own and see those only."),
    linkMaker("/api/teach/invitations", false));
}

/** A submit or click that tells its fault beside itself. */
function doing(does) {
  return async (event) => {
    event.preventDefault();
    try {
      await does(event);
    } catch (fault) {
      tell(faultText(fault));
    }
  };
}

/** Choose how long, get a link once, copy it. */
function linkMaker(path, many) {
  const days = choice([[7, "7 days"], [30, "30 days"], [120, "120 days"]], 7, { id: "link-days" });
  const uses = make("input", { type: "number", id: "link-uses", min: 1, max: 500, value: many ? 30 : 1, required: true });
  const out = make("div", {});
  const form = make("form", { class: "row", on: { submit: doing(async () => {
    const made = await ask("POST", path, { days: Number(days.value), uses: Number(uses.value) });
    out.replaceChildren(copied(`${location.origin}${made.path}`, made.expires));
    out.querySelector("button").focus();
    form.dispatchEvent(new CustomEvent("made", { bubbles: true }));
  }) } },
    make("label", { for: "link-days" }, "Good for"), days,
    many && make("label", { for: "link-uses" }, "and for this many people"), many && uses,
    make("button", { class: "firm" }, "Make a link"));
  return make("div", {}, form, out);
}

function copied(link, expires) {
  const shown = make("input", { type: "text", readonly: true, value: link, "aria-label": "Invitation link", dir: "ltr", on: { focus: () => shown.select() } });
  return make("div", { class: "link" },
    make("div", { class: "row" },
      shown,
      button("Copy", async () => {
        shown.focus();
        try {
          await navigator.clipboard.writeText(link);
        } catch {
          document.execCommand("copy"); // where the page is not served by https
        }
        tell("Copied.");
      })),
    make("p", { class: "faint" }, `Shown only now, good until ${day(expires)}. Whoever has it may come in.`));
}

// ---- one class -------------------------------------------------------------------------------

export async function showClass({ rest: [id, days = "30"] }) {
  const path = `/api/teach/classes/${encodeURIComponent(id)}`;
  const told = await ask("GET", `${path}?days=${encodeURIComponent(days)}`);
  const period = choice(PERIODS, days, { id: "period", on: { change: () => { location.hash = `#class/${id}/${period.value}`; } } });
  show(told.class.name,
    make("div", { class: "row period" }, make("label", { for: "period" }, "Period"), period,
      make("a", { class: "quiet", href: `${path}/overview.csv?days=${days}`, download: "" }, "Overview as CSV"),
      make("a", { class: "quiet", href: `${path}/learners.csv?days=${days}`, download: "" }, "Learners as CSV")),
    totals(told.overview),
    kinds(told.overview),
    people(told, path),
    told.mine && invitations(told, path),
    told.mine && theClass(told.class, path),
  );
}

function totals(seen) {
  const few = seen.active < 3;
  const tile = (name, value) => make("div", {}, make("dt", {}, name), make("dd", { class: value === FEW ? "few" : "" }, value));
  return make("section", {},
    make("dl", { class: "totals" },
      tile("learners active", `${count(seen.active)} of ${count(seen.learners)}`),
      tile("turns written", few ? FEW : count(seen.turns)),
      tile("time with the tutor", few ? FEW : span(seen.seconds)),
      tile("errors mended after help", seen.uptake ? percent(seen.uptake.repaired, seen.uptake.of) : FEW)),
    make("p", { class: "faint" }, `Numbers that fewer than 3 learners stand behind are not told, so that nobody can be picked out. Time counts pauses of up to 3 minutes.`));
}

function kinds(seen) {
  if (seen.rows.length === 0) return make("section", {}, make("h2", {}, "Errors by kind"), make("p", { class: "faint" }, "None in this period."));
  const most = Math.max(1, ...seen.rows.map((row) => row.errors ?? 0));
  const cell = (value) => make("td", { class: value === null ? "few" : "" }, value === null ? "< 3" : count(value));
  return make("section", {},
    make("h2", {}, "Errors by kind"),
    make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Errors by kind" },
      make("table", {},
        make("thead", {}, make("tr", {},
          make("th", { scope: "col" }, "Kind"), make("th", { scope: "col", class: "barred" }, "Errors"),
          seen.l1s.length > 1 && seen.l1s.map((l1) => make("th", { scope: "col" }, languageName(l1))),
          make("th", { scope: "col" }, "Mended after help"))),
        make("tbody", {}, seen.rows.map((row) => make("tr", {},
          make("th", { scope: "row" }, KINDS[row.kind] ?? row.kind),
          make("td", { class: "barred" }, bar(row.errors, most)),
          seen.l1s.length > 1 && seen.l1s.map((l1) => cell(row.by_l1[l1])),
          make("td", { class: row.uptake ? "" : "few" }, row.uptake ? `${percent(row.uptake.repaired, row.uptake.of)}` : "< 3")))))),
    make("p", { class: "faint" }, "“< 3” stands where fewer than 3 learners are behind a number, or where the number would give such a one away."));
}

function bar(value, most) {
  if (value === null) return make("span", { class: "few" }, "< 3");
  const drawn = make("span", { class: "bar", "aria-hidden": "true" });
  drawn.style.setProperty("--share", value / most);
  return make("span", { class: "barline" }, make("span", { class: "number" }, count(value)), drawn);
}

function people(told, path) {
  return make("section", {},
    make("h2", {}, "Learners"),
    told.learners.length === 0
      ? make("p", { class: "faint" }, "Nobody is here yet. Invite your learners below.")
      : make("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "Learners" },
        make("table", {},
          make("thead", {}, make("tr", {}, ["Name", "First language", "Level", "Turns", "Time", "Last here", "Conversations", ""].map((head) =>
            head ? make("th", { scope: "col" }, head) : make("td", {})))),
          make("tbody", {}, told.learners.map((one) => make("tr", {},
            make("th", { scope: "row" }, make("a", { href: `#learner/${told.class.id}/${one.id}` }, one.name || "No name")),
            make("td", {}, languageName(one.l1)),
            make("td", {}, one.level || "–"),
            make("td", {}, count(one.turns)),
            make("td", {}, span(one.seconds)),
            make("td", {}, one.last ? day(one.last) : "–"),
            make("td", {}, one.consent ? "You may read" : "Private"),
            make("td", {}, told.mine && button("Take out", doing(async () => {
              if (!(await sure(`Take ${one.name || "this learner"} out of the class?`, "They keep their conversations and their progress.", "Take out"))) return;
              await ask("DELETE", `${path}/learners/${one.id}`);
              tell("Taken out.");
              await again(told.class.id);
            }), { "aria-label": `Take ${one.name || "this learner"} out` }))))))));
}

/** The same class once more, as it is now. */
const again = (id) => showClass({ rest: [id, location.hash.split("/")[2] ?? "30"] });

function invitations(told, path) {
  const list = make("ul", { class: "plain" }, told.invitations.map((one) => make("li", { class: "row" },
    make("span", {}, `${one.uses === 1 ? "1 person" : `${count(one.uses)} people`} may still come in, until ${day(one.expires)}`),
    button("Revoke", doing(async () => {
      await ask("DELETE", `${path}/invitations/${one.id}`);
      await again(told.class.id);
      tell("Nobody can come in by that link any more.");
    }), { "aria-label": `Revoke the link that is good until ${day(one.expires)}` }))));
  return make("section", {},
    make("h2", {}, "Invite learners"),
    make("p", { class: "faint" }, "Send them a link. They come in with a name of their choice; no address, no password."),
    linkMaker(`${path}/invitations`, true),
    told.invitations.length > 0 && make("h3", {}, "Links that are open"),
    list);
}

function theClass(one, path) {
  const name = make("input", { type: "text", id: "rename", maxlength: 80, value: one.name, autocomplete: "off", dir: "auto", required: true });
  return make("section", {},
    make("h2", {}, "This class"),
    make("form", { class: "row", on: { submit: doing(async () => {
      await ask("PATCH", path, { name: name.value.trim() });
      await again(one.id);
      tell("Renamed.");
    }) } }, make("label", { for: "rename" }, "Name"), name, make("button", { class: "quiet" }, "Rename")),
    make("div", { class: "row" }, button("End the class", doing(async () => {
      if (!(await sure("End this class?", "Its learners stay, with all they said; you no longer see how it goes for them.", "End it"))) return;
      await ask("DELETE", path);
      location.hash = "#classes";
      tell("The class is ended.");
    }))));
}
