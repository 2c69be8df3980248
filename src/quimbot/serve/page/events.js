// A reply of the server as it is written, read from its stream of events.

/** The events of a response, until one says that it is done or tells an error. Throws TypeError. */
export async function* eventsOf(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) throw new TypeError("the reply broke off");
    buffer += value;
    const parts = buffer.split("\n\n");
    buffer = parts.pop();
    for (const part of parts) {
      if (!part.startsWith("data: ")) continue; // a sign of life
      const told = JSON.parse(part.slice(6));
      yield told;
      if (told.done || told.error) return;
    }
  }
}
