// Talking to the sandbox: what a person does goes out as a POST, what happens comes in as one event stream.

/** Do something on a phone. `body` is an object (sent as JSON) or FormData. Throws Error with the server's words. */
export async function post(phone, action, body = {}) {
  const form = body instanceof FormData;
  let response;
  try {
    response = await fetch(`/sandbox/phones/${phone}/${action}`, {
      method: "POST",
      headers: form ? {} : { "Content-Type": "application/json" },
      body: form ? body : JSON.stringify(body),
    });
  } catch {
    throw Object.assign(new Error("offline"), { offline: true });
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok || !answer.ok) throw new Error(answer.error || `${response.status} ${response.statusText}`);
  return answer;
}

/** The address of a stored file. */
export const fileUrl = (id) => `/sandbox/files/${encodeURIComponent(id)}`;

const kinds = ["snapshot", "message", "delete", "answer", "action", "phone"];

/**
 * Listen for ever. `handlers` has one function for each kind of event and `connection(alive)`. After a lost
 * connection the stream is opened anew, and its first event is a snapshot that replaces everything.
 */
export function listen(handlers) {
  let pause = 300;
  const open = () => {
    const stream = new EventSource("/sandbox/events");
    for (const kind of kinds) {
      stream.addEventListener(kind, (event) => {
        if (kind === "snapshot") {
          pause = 300;
          handlers.connection(true);
        }
        handlers[kind](JSON.parse(event.data));
      });
    }
    stream.addEventListener("error", () => {
      stream.close();
      handlers.connection(false);
      setTimeout(open, pause);
      pause = Math.min(pause * 1.6, 3000);
    });
  };
  open();
}
