// Coming in by an invitation. Its secret stands behind the # of the link, which no server and no log
// ever sees, and leaves the address as soon as the page has read it.

import { make, tell } from "/nodes.js";
import { Refused, ask } from "/server.js";

/** The secret in the address: of an invitation, or of a link to oneself; nothing is the usual. */
export function invitation() {
  const given = new URLSearchParams(location.hash.slice(1));
  const own = given.get("device");
  const secret = own ?? given.get("join") ?? given.get("invite");
  if (secret) history.replaceState(null, "", "/");
  return { secret, own: own !== null };
}

/** Whether the address carries one. */
export const invited = () => /^#(join|invite|device)=/.test(location.hash);

/** Come in, as somebody new or with a new right; tells what is wrong and gives whether it worked. */
export async function enter(token, name) {
  try {
    await ask("POST", "/api/join", name ? { token, name } : { token });
    return true;
  } catch (fault) {
    tell(fault instanceof Refused ? "join.spent" : "wrong.lost");
    return false;
  }
}

/** Ask for a name; `joined()` is called when the door is open. */
export function join(secret, joined) {
  const name = make("input", { id: "name", maxlength: "80", autocomplete: "given-name", dir: "auto", required: true });
  const form = make(
    "form",
    {},
    make("label", { className: "field" }, make("span", { word: "join.name" }), name),
    make("button", { className: "firm", word: "join.go" }),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const called = name.value.trim();
    if (called && (await enter(secret, called))) joined();
  });
  return make(
    "section",
    { className: "join" },
    make("h1", { tabindex: "-1", word: "join" }),
    make("p", { className: "lead", word: "join.about" }),
    form,
  );
}

/** For whoever comes without one. */
export const outside = () =>
  make(
    "section",
    { className: "join" },
    make("h1", { tabindex: "-1", word: "join.needed" }),
    make("p", { className: "lead", word: "join.needed.about" }),
  );
