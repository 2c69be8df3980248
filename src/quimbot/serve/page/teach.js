// The teachers' page: its address says what is shown.

import { ask, button, byId, faultText, make, Refused, show } from "/teach_page.js";
import { showTutors } from "/teach_tutors.js";
import { showForm, mayLeave } from "/teach_form.js";
import { showClass, showClasses } from "/teach_classes.js";
import { showLearner, showTalk } from "/teach_learner.js";

const VIEWS = {
  tutors: showTutors,
  new: showForm,
  tutor: showForm,
  classes: showClasses,
  class: showClass,
  learner: showLearner,
  talk: showTalk,
};

const HOME = "#tutors";
let shown = "";

async function route() {
  const address = location.hash || HOME;
  if (address === "#main" || address === shown) return;
  if (shown && !(await mayLeave())) {
    history.replaceState(null, "", shown);
    return;
  }
  const before = shown;
  shown = address;
  const [view, ...rest] = address.slice(1).split("/").map(decodeURIComponent);
  mark(view);
  try {
    const me = await ask("GET", "/api/me");
    if (me.role === "learner") throw new Refused(403);
    await (VIEWS[view] ?? showTutors)({ me, view, rest });
  } catch (fault) {
    showFault(fault);
  }
  if (before) byId("main").querySelector("h1")?.focus({ preventScroll: true });
}

function mark(view) {
  const part = ["classes", "class", "learner", "talk"].includes(view) ? "#classes" : HOME;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.getAttribute("href") === part) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

function showFault(fault) {
  if (fault instanceof Refused && fault.status === 403) {
    show("For teachers", make("p", { class: "lead" }, "This page is for instructors. ",
      make("a", { href: "/" }, "Go to your tutor"), "."));
  } else if (fault instanceof Refused && fault.status === 401) {
    show("For teachers", make("p", { class: "lead" }, "Please open the link of your invitation to sign in."));
  } else if (fault instanceof Refused && fault.status === 404) {
    show("Not here", make("p", { class: "lead" }, "It is not there, or it is not yours."),
      make("p", {}, make("a", { href: HOME }, "Your tutors")));
  } else {
    show("That did not work", make("p", { class: "lead", role: "alert" }, faultText(fault)),
      make("p", {}, button("Try again", () => { shown = ""; route(); })));
    if (!(fault instanceof Refused) && !(fault instanceof TypeError)) throw fault;
  }
}

addEventListener("hashchange", route);
route();
