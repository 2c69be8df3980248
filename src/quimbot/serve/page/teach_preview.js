// Trying the tutor of the form as it stands, beside the form; nothing of it is kept.

import { button, capital, events, faultText, make } from "/teach_page.js";
import { KINDS, levelName } from "/teach_help.js";

/** The panel; `read` gives the tutor as the form has it now. */
export function preview(read) {
  const window = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16)).join("");
  const log = make("div", { class: "talk", role: "log", "aria-label": "Trial talk", tabindex: "0" });
  const text = make("textarea", { id: "try", rows: 1, maxlength: 2000, dir: "auto", placeholder: "Write as a learner" });
  const send = make("button", { class: "firm" }, "Send");
  const stop = button("Stop", () => underWay?.abort(), { hidden: true, class: "quiet" });
  let underWay = null;
  let fresh = true;

  async function say(said) {
    underWay = new AbortController();
    busy(true);
    log.append(make("p", { class: "learner" }, said));
    const reply = make("p", { class: "tutor waiting" }, "Your tutor is thinking…");
    log.append(reply);
    log.scrollTop = log.scrollHeight;
    let spoken = "";
    try {
      for await (const told of events("/api/teach/preview", { tutor: read(), window, text: said, fresh }, underWay.signal)) {
        fresh = false;
        if (told.text) {
          spoken += told.text;
          reply.className = "tutor";
          reply.textContent = spoken;
        }
        if (told.done) why(told.done);
        log.scrollTop = log.scrollHeight;
      }
    } catch (fault) {
      if (!spoken) reply.remove();
      log.append(make("p", { class: "notice" }, fault.name === "AbortError" ? "Stopped." : faultText(fault)));
    }
    underWay = null;
    busy(false);
    log.scrollTop = log.scrollHeight;
  }

  /** Under a reply: which help was chosen, and why. */
  function why({ level, kind, reason }) {
    if (!reason) return;
    const chosen = kind ? `${levelName(level)} · ${KINDS[kind] ?? kind}` : levelName(level);
    log.append(make("p", { class: "why" }, make("strong", {}, chosen), ` – ${capital(reason)}`));
  }

  function busy(is) {
    log.setAttribute("aria-busy", is); // a screen reader hears a reply once, when it is whole
    send.hidden = is;
    stop.hidden = !is;
    if (document.activeElement === document.body) (is ? stop : text).focus();
  }

  const form = make("form", { class: "composer", autocomplete: "off" },
    make("label", { class: "unseen", for: "try" }, "Your message to the tutor"), text, send, stop);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = text.value.trim();
    if (!said || underWay) return;
    text.value = "";
    say(said);
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  });
  const again = button("Start over", () => {
    underWay?.abort();
    fresh = true;
    log.replaceChildren();
    text.focus();
  });
  const panel = make("aside", { class: "preview", "aria-labelledby": "preview-title" },
    make("div", { class: "row" }, make("h2", { id: "preview-title" }, "Try it"), again),
    make("p", { class: "faint" }, "As the form stands now. Nobody else sees this talk, and it is not kept."),
    log, form);
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.isComposing) underWay?.abort();
  });
  return panel;
}
