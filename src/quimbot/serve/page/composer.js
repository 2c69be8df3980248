// The field one writes in, and its buttons. What is written is never lost: it is kept until the
// server has it.

const KEPT = "quimbot.draft";

const element = (id) => document.getElementById(id);
const form = element("form");
const text = element("text");

/** The field at work: `say(text)` is called with what is sent, `stop()` when it is to stop. */
export function compose({ say, stop, busy }) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = text.value.trim();
    if (!said || busy()) return; // what is written stays
    text.value = "";
    say(said);
  });

  text.addEventListener("keydown", (event) => {
    // While a word is being composed (Chinese, Korean, …), Enter chooses it and must not send.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  });

  text.addEventListener("input", () => keepDraft(text.value));

  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    if (document.querySelector(":is(dialog[open], :popover-open)")) return; // Escape closes that
    stop();
  });

  element("stop").addEventListener("click", () => {
    stop();
    text.focus();
  });
}

/** Show whether a reply is under way. */
export function showBusy(busy) {
  element("send").hidden = busy;
  element("stop").hidden = !busy;
}

/** Keep what is not with the server yet; nothing forgets it. */
export function keepDraft(draft) {
  try {
    if (draft) sessionStorage.setItem(KEPT, draft);
    else sessionStorage.removeItem(KEPT);
  } catch {
    // Storage may be full or forbidden; writing goes on without it.
  }
}

/** Put back what was written before the page was loaded anew, unless it was sent. */
export function restoreDraft(sent) {
  let draft = "";
  try {
    draft = sessionStorage.getItem(KEPT) ?? "";
  } catch {
    return;
  }
  if (draft.trim() === sent) keepDraft("");
  else if (!text.value) text.value = draft;
}
