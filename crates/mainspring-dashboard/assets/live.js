// Keeps the stream of events open, and says when it is not.
//
// The browser would reconnect by itself after some failures and never after others, so it is not
// left to it: every failure closes the stream, a plain request finds out whether the server is back
// (or wants a token), and only then a new stream is opened. Whatever was missed meanwhile is asked
// for again, which `onOpen` is for.

import { get } from "./api.js";

const FIRST_MS = 1_000;
const LONGEST_MS = 15_000;
const KINDS = ["run", "job", "store"];

export class Live {
  #source = null;
  #timer = null;
  #failures = 0;
  #stopped = true;
  #turn = 0;

  /** `onState(state, retryAt)`, `onOpen(overview)`, `onEvent(type, data)`, `onLost()`. */
  constructor(hooks) {
    this.hooks = hooks;
  }

  start() {
    this.#stopped = false;
    this.#failures = 0;
    this.#connect();
  }

  stop() {
    this.#stopped = true;
    this.#turn += 1;
    this.#close();
  }

  /** Goes on where `stop` ended it, and does nothing otherwise. */
  resume() {
    if (this.#stopped) this.start();
  }

  /** Tries at once, if it is not connected. */
  retry() {
    if (this.#stopped || this.#source) return;
    this.#connect();
  }

  async #connect() {
    this.#close();
    const turn = ++this.#turn;
    this.hooks.onState(this.#failures ? "retrying" : "connecting", null);
    let overview;
    try {
      overview = await get("api/overview");
    } catch (error) {
      if (turn !== this.#turn) return;
      if (error.status === 401) this.stop();
      else this.#again();
      return;
    }
    if (turn !== this.#turn) return;
    const source = new EventSource("api/events");
    this.#source = source;
    source.addEventListener("hello", () => {
      this.#failures = 0;
      this.hooks.onState("live", null);
      this.hooks.onOpen(overview);
    });
    source.addEventListener("lagged", () => this.hooks.onLost());
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        let data;
        try {
          data = JSON.parse(event.data);
        } catch {
          return;
        }
        this.hooks.onEvent(kind, data);
      });
    }
    source.onerror = () => {
      if (this.#source === source) this.#again();
    };
  }

  #again() {
    this.#close();
    if (this.#stopped) return;
    // Spread, so that many open pages do not all come back in the same moment.
    const wait = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.#failures) * (0.75 + Math.random() / 2);
    this.#failures += 1;
    this.#timer = setTimeout(() => this.#connect(), wait);
    this.hooks.onState("away", Date.now() + wait);
  }

  #close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }
}

/** Runs `work` soon after the first call and then at most once per `pause`, however many calls come. */
export function coalesce(work, soon, pause) {
  let timer = null;
  let last = -Infinity;
  let busy = false;
  let again = false;
  const run = async () => {
    timer = null;
    busy = true;
    last = performance.now();
    try {
      await work();
    } finally {
      busy = false;
      if (again) {
        again = false;
        call();
      }
    }
  };
  const call = () => {
    if (busy) again = true;
    else timer ??= setTimeout(run, Math.max(soon, last + pause - performance.now()));
  };
  return call;
}
