// What a learner may choose, take along and delete.

import { button, done, make, sure } from "/nodes.js";
import { consent, firstLanguage, help, languages, level, me } from "/me.js";
import { readings } from "/readings.js";
import { ask } from "/server.js";
import { language } from "/words.js";

/** The page of choices. `forgotten()` is called when everything was deleted, `left()` after signing out. */
export async function settings({ speak, forgotten, left }) {
  const { accounts, name } = me();
  return make(
    "section",
    { className: "settings" },
    make("h1", { tabindex: "-1", word: "settings" }),
    part("settings.language", languages(language(), speak)),
    make("div", { className: "part" }, help(), make("p", { className: "faint", word: "settings.help.about" })),
    part("settings.you", firstLanguage(), level()),
    accounts && part("settings.reading", consent(), await readings()),
    part(
      "settings.data",
      make("p", { word: "settings.data.about" }),
      make(
        "div",
        { className: "row" },
        make("a", { className: "quiet", href: "/api/me/export", download: "quimbot.json", word: "settings.export" }),
        button("settings.delete", () => forget(forgotten)),
      ),
    ),
    accounts &&
      make(
        "div",
        { className: "part row" },
        make("p", { word: ["settings.name", { name }] }),
        button("settings.device", device),
        button("settings.leave", () => leave(left)),
      ),
  );
}

/** A link for another device in place of the button that asked for it. */
async function device(event) {
  const asked = event.currentTarget;
  await done(async () => {
    const { token } = await ask("POST", "/api/me/link");
    const link = make("input", { readonly: true, label: "settings.device", dir: "ltr" });
    link.value = `${location.origin}/#device=${token}`;
    asked.replaceWith(make("p", { className: "faint", word: "settings.device.about" }), link);
    link.select();
  });
}

const part = (title, ...content) => make("div", { className: "part" }, make("h2", { word: title }), ...content);

async function forget(forgotten) {
  const question = { title: "delete", about: "delete.about", yes: "delete.yes", no: "delete.no" };
  if ((await sure(question)) && (await done(() => ask("DELETE", "/api/me")))) forgotten();
}

async function leave(left) {
  if (await done(() => ask("POST", "/api/leave"))) left();
}
