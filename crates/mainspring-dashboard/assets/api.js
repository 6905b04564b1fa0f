// Asks the server, and turns whatever goes wrong into one sentence.

/** The server said no, or was not there: `status` is 0 then. */
export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

let onSignIn = () => {};

/** Calls `callback` whenever the server wants a token. */
export function whenSignedOut(callback) {
  onSignIn = callback;
}

/** The JSON at `path`; parameters that are empty are left out. */
export function get(path, params = {}, signal = undefined) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") query.set(key, value);
  }
  const text = query.toString();
  return ask(text ? `${path}?${text}` : path, { signal, headers: { Accept: "application/json" } });
}

/** Asks for a change. */
export function post(path, body) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Mainspring": "1" },
    body: JSON.stringify(body),
  });
}

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, "the server does not answer");
  }
  const body = await answer.json().catch(() => null);
  if (answer.status === 401 && path !== "api/login") onSignIn();
  if (!answer.ok) {
    throw new Refused(answer.status, body?.error ?? `the server answered ${answer.status}`);
  }
  if (body === null) throw new Refused(answer.status, "the server's answer is not JSON");
  return body;
}
