// The tutors of an instructor, and where a new one begins.

import { ask, count, make, show } from "/teach_page.js";
import { HELP } from "/teach_help.js";

export async function showTutors() {
  const offered = await ask("GET", "/api/teach/tutors");
  show("Tutors",
    make("p", { class: "lead" }, "Give a tutor a role, topics and facts of your own. Learners find it beside the others."),
    !offered.kept && make("p", { class: "note" },
      "Tutors cannot be kept now: start the server with ", make("code", {}, "--tutors FOLDER"), ". You can still try one."),
    offered.tutors.length
      ? make("ul", { class: "cards" }, offered.tutors.map((tutor) => card(tutor, offered)))
      : null,
    make("h2", {}, offered.tutors.length ? "A new one" : "Make your first one"),
    make("ul", { class: "starts" },
      start("#new", "An empty form", "Write everything yourself."),
      Object.entries(offered.examples).map(([name, tutor]) =>
        start(`#new/${name}`, tutor.title || name, "An example to change as you like.")),
    ),
    make("h2", {}, "Tutors of this server"),
    make("p", { class: "faint" }, "They come from training; yours speak with the voice of one of them."),
    make("ul", { class: "plain" }, offered.bases.map((base) => make("li", {}, base.title))),
  );
}

const start = (href, title, about) =>
  make("li", {}, make("a", { href, class: "start" }, make("span", {}, title), make("span", { class: "faint" }, about)));

function card(tutor, offered) {
  const base = offered.bases.find(({ name }) => name === (tutor.base || offered.bases[0].name));
  const help = HELP.filter(({ level }) => tutor.levels.includes(level)).map(({ name }) => name);
  const told = [
    help.length ? help.join(", ") : "Lets errors pass",
    tutor.topics.length ? `${count(tutor.topics.length)} topics` : "",
    tutor.knowledge.length ? `${count(tutor.knowledge.length)} notes` : "",
  ].filter(Boolean).join(" · ");
  return make("li", { class: "card" },
    make("h2", {}, make("a", { href: `#tutor/${tutor.name}` }, tutor.title || tutor.name)),
    make("p", { class: "faint" }, `${tutor.name} · speaks as ${base?.title ?? tutor.base}`),
    make("p", {}, told),
  );
}
