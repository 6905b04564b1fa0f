// Draws the small pictures: a job's last durations, the day as columns, shares as bars.
//
// Every picture has a text which says the same, and no colour stands alone: what failed also has
// another shape.

import { h, s } from "./dom.js";
import { clockTime, count, duration, stateWord } from "./words.js";

const BAR = 4;
const STEP = 5;
const HEIGHT = 22;

/** The durations of the last runs, oldest first; what failed stands on a foot of its own. */
export function sparkline(recent, wide = false) {
  if (!recent.length) return h("span", { class: "none" }, "no runs yet");
  const known = recent.map((run) => run.took_ms).filter((ms) => ms !== null && ms !== undefined);
  const most = Math.max(...known, 1e-6);
  const slots = 20;
  const bars = recent.map((run, at) => {
    const x = (slots - recent.length + at) * STEP;
    const bad = run.state === "failed" || run.state === "timed_out";
    const idle = run.took_ms === null || run.took_ms === undefined;
    const tall = idle ? 1.5 : Math.max(2, Math.sqrt(run.took_ms / most) * (HEIGHT - 5));
    const kind = bad ? "bad" : run.state === "succeeded" ? "good" : "dull";
    return s("g", { class: kind },
      s("rect", { x, y: HEIGHT - 4 - tall, width: BAR, height: tall, rx: 1 }),
      bad ? s("rect", { x, y: HEIGHT - 2.5, width: BAR, height: 2.5 }) : null);
  });
  return s("svg", {
    class: wide ? "spark wide" : "spark", role: "img", "aria-label": sparkText(recent, known),
    viewBox: `0 0 ${slots * STEP} ${HEIGHT}`, preserveAspectRatio: "none",
  }, bars);
}

function sparkText(recent, known) {
  const states = new Map();
  for (const run of recent) states.set(run.state, (states.get(run.state) ?? 0) + 1);
  const parts = [...states].map(([state, n]) => `${n} ${stateWord(state)}`);
  const sorted = [...known].sort((a, b) => a - b);
  const times = sorted.length
    ? `; ${duration(sorted[0])} to ${duration(sorted.at(-1))}, median ${duration(sorted[Math.floor((sorted.length - 1) / 2)])}`
    : "";
  return `Last ${count(recent.length, "run")}: ${parts.join(", ")}${times}`;
}

const HALF_HOUR = 1_800_000;

/** The last and the next 24 hours in columns of half an hour: what came of the runs, and how many will come. */
export function dayColumns(data, width) {
  const height = 76;
  const base = height - 16;
  const now = Date.parse(data.now);
  const first = Math.floor(Date.parse(data.from) / HALF_HOUR) * HALF_HOUR;
  const until = Math.ceil(Date.parse(data.until) / HALF_HOUR) * HALF_HOUR;
  const columns = Array.from({ length: (until - first) / HALF_HOUR }, () => ({ good: 0, bad: 0, dull: 0, coming: 0 }));
  const put = (text, kind) => {
    const column = columns[Math.floor((Date.parse(text) - first) / HALF_HOUR)];
    if (column) column[kind] += 1;
  };
  for (const run of data.past) {
    put(run.due, run.state === "succeeded" ? "good" : run.state === "failed" || run.state === "timed_out" ? "bad" : "dull");
  }
  for (const run of data.coming) put(run.due, "coming");
  const most = Math.max(1, ...columns.map((column) => column.good + column.bad + column.dull + column.coming));
  const x = (at) => ((at - first) / (until - first)) * width;
  const wide = Math.max(1.5, width / columns.length - 1.5);
  const paths = { good: "", bad: "", dull: "", coming: "" };
  columns.forEach((column, at) => {
    const left = x(first + at * HALF_HOUR);
    let top = base;
    for (const kind of ["bad", "good", "dull", "coming"]) {
      if (!column[kind]) continue;
      const tall = Math.max(kind === "bad" ? 3 : 1.5, (column[kind] / most) * (base - 6));
      top -= tall;
      paths[kind] += `M${left.toFixed(1)} ${top.toFixed(1)}h${wide.toFixed(1)}v${tall.toFixed(1)}h-${wide.toFixed(1)}z`;
    }
  });
  const edge = 16;
  const marks = hours(first, until, width < 500 ? 6 : 3).filter((at) => x(at) > edge && x(at) < width - edge).map((at) => s("text", { x: x(at).toFixed(1), y: height - 3, class: "tick" }, clockTime(at)));
  const picture = s("svg", { class: "columns", viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" },
    undrawn(data, x, base),
    Object.entries(paths).map(([kind, d]) => d && s("path", { d, class: kind })),
    s("path", { d: `M0 ${base + 0.5}H${width}`, class: "axis" }), marks,
    s("path", { d: `M${x(now).toFixed(1)} 2V${base + 5}`, class: "now" }));
  return { picture, columns, at: (px) => Math.floor(px / width * columns.length), start: (index) => first + index * HALF_HOUR };
}

/** Shades the hours of which the server sent nothing because there is too much. */
export function undrawn(data, x, tall) {
  const parts = [];
  const shade = (left, right) => {
    if (right - left > 2) parts.push(s("rect", { class: "undrawn", x: left.toFixed(1), y: 0, width: (right - left).toFixed(1), height: tall }));
  };
  if (data.past_truncated && data.past.length) shade(Math.max(0, x(Date.parse(data.from))), x(Math.min(...data.past.map((run) => Date.parse(run.due)))));
  if (data.coming_truncated && data.coming.length) shade(x(Math.max(...data.coming.map((run) => Date.parse(run.due)))), x(Date.parse(data.until)));
  return parts;
}

/** The full hours between two instants which the viewer's clock divides evenly. */
export function hours(from, until, step) {
  const all = [];
  const day = new Date(from);
  day.setMinutes(0, 0, 0);
  for (let at = day.getTime() + 3_600_000; at < until; at += 3_600_000) {
    if (new Date(at).getHours() % step === 0) all.push(at);
  }
  return all;
}

/** Two bars, one above the other: what was asked and what was got. */
export function shareBars(asked, got) {
  const bar = (y, share, kind) => s("rect", { x: 0, y, width: Math.max(0, Math.min(1, share ?? 0)) * 100, height: 5, rx: 1, class: kind });
  return s("svg", { class: "shares", viewBox: "0 0 100 14", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { x: 0, y: 0, width: 100, height: 14, class: "ground" }), bar(1, asked, "asked"), bar(8, got, "got"));
}
