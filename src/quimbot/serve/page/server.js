// Talking to the server.

import { eventsOf } from "./events.js";

/** What the server did not do, and how to say so. */
export class Refused extends Error {
  constructor(status, code, wait) {
    super(code);
    this.status = status;
    this.code = code;
    this.wait = wait;
  }
}

async function refusal(response) {
  const body = await response.json().catch(() => ({}));
  const wait = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
  return new Refused(response.status, body.error?.code, Number.isNaN(wait) ? 5 : wait);
}

async function send(method, path, body, signal) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  const response = await fetch(path, { method, headers, body: JSON.stringify(body), signal });
  if (!response.ok) throw await refusal(response);
  return response;
}

/** The server's answer. Throws Refused, or TypeError when there is no connection. */
export async function ask(method, path, body) {
  const response = await send(method, path, body);
  return response.status === 204 ? null : response.json();
}

/** The events of a reply, {text} or {done}. Throws Refused, TypeError or AbortError. */
export async function* turn(conversation, body, signal) {
  const response = await send("POST", `/api/conversations/${conversation}/turns`, body, signal);
  for await (const told of eventsOf(response)) {
    if (told.error) throw new Refused(500, told.error.code);
    yield told;
  }
}

/** A fault as the page's words: a key and its values. */
export function faultWords(fault, seconds) {
  if (!(fault instanceof Refused)) return ["wrong.lost"];
  const known = {
    context_length_exceeded: "wrong.long",
    too_large: "wrong.long",
    too_long: "wrong.long",
    stopping: "wrong.stopping",
    tutor_gone: "wrong.tutor",
  };
  if (fault.code in known) return [known[fault.code]];
  if (fault.status === 429) {
    return [fault.code === "queue_full" ? "wrong.busy" : "wrong.fast", { time: seconds(fault.wait) }];
  }
  if (fault.status === 401) return ["wrong.out"];
  if (fault.status === 404) return ["wrong.gone"];
  if (fault.status === 503) return ["wrong.stopping"];
  return ["wrong.failed"];
}
