// Puts instants, durations and states into words.
//
// Instants are shown in the viewer's own zone. What is relative counts from the server's clock, which
// `setNow` sets; a browser whose clock is wrong still tells the truth.

import { h, icon } from "./dom.js";

let ahead = 0;

/** Learns how far the server's clock is from the browser's. */
export function setNow(text) {
  const then = Date.parse(text);
  if (!Number.isNaN(then)) ahead = then - Date.now();
}

/** The server's clock, in milliseconds since 1970. */
export function now() {
  return Date.now() + ahead;
}

// The words of this page are English, so its dates are too; 24 hours, as in the schedules beside them.
const format = (options) => new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...options });
const FULL = format({ weekday: "short", year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short" });
const CLOCK = format({ hour: "2-digit", minute: "2-digit" });
const SECONDS = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = format({ day: "numeric", month: "short" });

export function fullTime(at) {
  return FULL.format(at);
}

export function clockTime(at) {
  return CLOCK.format(at);
}

export function secondsTime(at) {
  return SECONDS.format(at);
}

/** "14:30", with the day where it is another one. */
export function dayTime(at) {
  return withDay(at, CLOCK);
}

function withDay(at, clock) {
  const sameDay = new Date(at).toDateString() === new Date(now()).toDateString();
  return sameDay ? clock.format(at) : `${DAY.format(at)}, ${clock.format(at)}`;
}

const STEPS = [[60_000, 1_000, "s"], [3_600_000, 60_000, "min"], [2 * 86_400_000, 3_600_000, "h"], [Infinity, 86_400_000, "days"]];

/** "in 4 min", "12 s ago". */
export function relative(at) {
  const away = at - now();
  const size = Math.abs(away);
  if (size < 1_000) return "now";
  const [, unit, name] = STEPS.find(([below]) => size < below);
  const words = `${Math.floor(size / unit)} ${name}`;
  return away > 0 ? `in ${words}` : `${words} ago`;
}

/** A time in words which stay true as it passes; the exact instant is its title. */
export function timeOf(text, none = "—") {
  if (!text) return h("span", { class: "none" }, none);
  const at = Date.parse(text);
  return h("time", { datetime: text, title: fullTime(at), data: { at } }, relative(at));
}

/** The exact instant, with the words behind it. */
export function exactTimeOf(text, none = "—") {
  if (!text) return h("span", { class: "none" }, none);
  const at = Date.parse(text);
  return h("span", null,
    h("time", { datetime: text, title: fullTime(at) }, withDay(at, SECONDS)),
    " ", h("time", { class: "dim", datetime: text, data: { at, wrap: "yes" } }, `(${relative(at)})`));
}

/** Brings every relative time of the page up to date. */
export function refreshTimes() {
  for (const node of document.querySelectorAll("time[data-at]")) {
    const words = relative(Number(node.dataset.at));
    const text = node.dataset.wrap ? `(${words})` : words;
    if (node.textContent !== text) node.textContent = text;
  }
}

/** "340 ms", "3.4 s", "4 min 12 s": rounded, never to zero. */
export function duration(ms) {
  if (ms === null || ms === undefined) return "—";
  if (ms < 10) return `${ms < 0.1 ? (ms === 0 ? "0" : ms.toPrecision(1)) : ms.toFixed(ms < 1 ? 2 : 1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours) return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
  return rest ? `${minutes} min ${rest} s` : `${minutes} min`;
}

const NUMBER = new Intl.NumberFormat("en");

export function number(n) {
  return NUMBER.format(n);
}

/** "1 job", "24 jobs". */
export function count(n, one, many = `${one}s`) {
  return `${number(n)} ${n === 1 ? one : many}`;
}

/** A share as a percentage; only what is whole is called 100 %, only what is nothing 0 %. */
export function percent(share) {
  if (share === null || share === undefined) return "—";
  const value = share * 100;
  if (value === 0 || value === 100) return `${value} %`;
  const shown = Math.min(99.9, Math.max(0.1, value));
  return `${shown.toFixed(shown >= 99 || shown < 10 ? 1 : 0)} %`;
}

const WORDS = {
  due: "due", running: "running", succeeded: "succeeded", failed: "failed", timed_out: "timed out",
  cancelled: "cancelled", skipped: "skipped", missed: "missed",
  waiting: "waiting", paused: "paused", ended: "ended",
};

export function stateWord(state) {
  return WORDS[state] ?? String(state);
}

/** How a state looks beside others: good, bad, busy, dull. */
export function tone(state) {
  if (state === "succeeded") return "good";
  if (state === "failed" || state === "timed_out") return "bad";
  if (state === "running") return "busy";
  if (state === "missed" || state === "paused") return "odd";
  return "dull";
}

/** A state as a picture and a word. */
export function badge(state, text = stateWord(state)) {
  return h("span", { class: `badge ${tone(state)}`, data: { state } }, icon(state), text);
}
