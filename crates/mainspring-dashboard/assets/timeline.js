// The third view: every job a lane, its runs of the last 24 hours and those of the next.
//
// A lane is one picture and one button: left and right go from run to run and say what each is, Enter
// opens the job. The marks of a kind are one path, so that thousands cost little.

import { get } from "./api.js";
import { h, s, whisper } from "./dom.js";
import { hours, undrawn } from "./figures.js";
import { coalesce } from "./live.js";
import { changed, here, replace } from "./route.js";
import { clockTime, count, dayTime, duration, number, relative, stateWord, tone } from "./words.js";

const LANES = 40;
const TALL = 26;
const LEGEND = [["good", "succeeded"], ["bad", "failed"], ["odd", "missed"], ["dull", "other"], ["busy", "running"], ["coming", "to come"]];
const KINDS = ["good", "dull", "odd", "busy", "bad", "coming"];

export function timelineView(root) {
  const search = h("input", { type: "search", id: "search", placeholder: "Search", autocomplete: "off", spellcheck: "false", "aria-label": "Search jobs by name" });
  const note = h("p", { class: "dim told" }, "Loading…");
  const scale = h("div", { class: "scale", "aria-hidden": "true" });
  const list = h("ul", { class: "lanes" });
  const foot = h("div", { class: "more" });
  const tip = h("p", { class: "tip", hidden: true });
  let data = null;
  let lanes = [];
  let most = LANES;

  search.value = here().params.get("search") ?? "";
  let typing = null;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      replace({ search: search.value });
      draw();
      whisper(note.textContent);
    }, 120);
  });

  function draw() {
    if (!data) return;
    const wanted = search.value.trim().toLowerCase();
    const matching = lanes.filter((lane) => lane.name.toLowerCase().includes(wanted));
    const shown = matching.slice(0, most);
    const focused = document.activeElement?.closest?.(".lane")?.dataset.name;
    const width = Math.max(200, list.clientWidth - laneLabelWidth());
    const span = { from: Date.parse(data.from), until: Date.parse(data.until), now: Date.parse(data.now), width, data };
    scale.replaceChildren(scalePicture(span));
    list.replaceChildren(...shown.map((lane) => h("li", null, laneButton(lane, span, tip))));
    if (focused) list.querySelector(`[data-name="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    const cut = [
      data.past_truncated ? `the latest ${number(data.past.length)} runs are drawn` : null,
      data.coming_truncated ? `the next ${number(data.coming.length)} are drawn` : null,
    ].filter(Boolean).join("; ");
    note.textContent = `${count(matching.length, "job")} with runs${cut ? `; ${cut}` : ""}`;
    scale.hidden = !shown.length;
    foot.replaceChildren(matching.length > most
      ? h("button", { type: "button", onclick() { most += LANES; draw(); } }, `Show ${number(Math.min(LANES, matching.length - most))} more`)
      : matching.length ? "" : h("p", { class: "note" }, lanes.length ? "No job matches." : "Nothing ran in the last 24 hours, and nothing will in the next."));
  }

  const load = coalesce(async () => {
    try {
      data = await get("api/timeline", { hours: 24 });
    } catch (error) {
      if (error.status !== 401 && !data) foot.replaceChildren(h("div", { class: "note bad" }, h("p", null, `This could not be loaded: ${error.message}`), h("button", { type: "button", onclick: load }, "Try again")));
      return;
    }
    lanes = lanesOf(data);
    draw();
  }, 50, 5_000);

  const observer = new ResizeObserver(() => draw());
  observer.observe(list);
  root.append(h("h1", { class: "unseen" }, "Timeline"),
    h("section", { class: "timeline", "aria-labelledby": "timeline-title" },
      h("div", { class: "toolbar" }, h("h2", { id: "timeline-title" }, "The last and the next 24 hours"), note, h("span", { class: "gap" }),
        search),
      h("p", { class: "legend", "aria-hidden": "true" }, LEGEND.map(([kind, word]) => h("span", { class: `key ${kind}` }, word))),
      scale, list, foot, tip));
  load();

  return {
    reload: load,
    moved() {
      search.value = here().params.get("search") ?? "";
      draw();
    },
    touched: load,
    close() {
      clearTimeout(typing);
      observer.disconnect();
    },
  };
}

function laneLabelWidth() {
  return window.matchMedia("(max-width: 700px)").matches ? 0 : 210;
}

/** Jobs with trouble first, then by name. */
function lanesOf(data) {
  const lanes = new Map();
  const lane = (name) => {
    if (!lanes.has(name)) lanes.set(name, { name, marks: [], bad: 0, past: 0, coming: 0 });
    return lanes.get(name);
  };
  for (const run of data.past) {
    const one = lane(run.name);
    const kind = tone(run.state);
    one.marks.push({ at: Date.parse(run.due), took: run.took_ms, state: run.state, kind });
    one.past += 1;
    if (kind === "bad") one.bad += 1;
  }
  for (const run of data.coming) {
    const one = lane(run.name);
    one.marks.push({ at: Date.parse(run.due), took: null, state: "coming", kind: "coming" });
    one.coming += 1;
  }
  for (const one of lanes.values()) one.marks.sort((a, b) => a.at - b.at);
  return [...lanes.values()].sort((a, b) => Number(b.bad > 0) - Number(a.bad > 0) || (a.name < b.name ? -1 : 1));
}

function scalePicture({ from, until, now, width }) {
  const x = (at) => ((at - from) / (until - from)) * width;
  const step = width < 500 ? 6 : 3;
  return s("svg", { viewBox: `0 0 ${width} 20`, width, height: 20 },
    hours(from, until, step).filter((at) => Math.abs(x(at) - x(now)) > 30 && x(at) > 14 && x(at) < width - 14).map((at) => s("text", { x: x(at).toFixed(1), y: 14, class: "tick" }, clockTime(at))),
    s("text", { x: x(now).toFixed(1), y: 14, class: "tick now-word" }, "now"));
}

function laneButton(lane, span, tip) {
  const { from, until, now, width } = span;
  const x = (at) => ((at - from) / (until - from)) * width;
  const wideOf = (mark) => Math.max(3, mark.kind === "busy" ? x(now) - x(mark.at) : ((mark.took ?? 0) / (until - from)) * width);
  const paths = pathsOf(lane.marks, (mark) => x(mark.at), wideOf);
  const chosen = s("path", { class: "chosen" });
  const picture = s("svg", { viewBox: `0 0 ${width} ${TALL}`, width, height: TALL, "aria-hidden": "true" },
    undrawn(span.data, x, TALL),
    s("path", { class: "axis", d: `M0 ${TALL / 2}H${width}` }),
    KINDS.map((kind) => paths[kind] && s("path", { class: kind, d: paths[kind] })),
    s("path", { class: "now", d: `M${x(now).toFixed(1)} 0V${TALL}` }), chosen);
  let at = -1;
  const choose = (index) => {
    at = index;
    const mark = lane.marks[index];
    const left = x(mark.at);
    chosen.setAttribute("d", `M${(left - 2).toFixed(1)} 2.5h${(wideOf(mark) + 4).toFixed(1)}v${TALL - 5}h-${(wideOf(mark) + 4).toFixed(1)}z`);
    tip.textContent = markText(mark);
    tip.hidden = false;
    const box = picture.getBoundingClientRect();
    const place = Math.min(Math.max(box.left + left, 130), document.documentElement.clientWidth - 130);
    tip.style.left = `${place}px`;
    tip.style.top = `${box.top - 4}px`;
  };
  const leave = () => {
    at = -1;
    chosen.removeAttribute("d");
    tip.hidden = true;
  };
  const button = h("button", {
    type: "button", class: "lane", data: { name: lane.name },
    onclick() { location.hash = changed({ open: lane.name, run: "", of: "" }); },
    onblur: leave,
    onkeydown(event) {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const start = step > 0 ? lane.marks.findLastIndex((mark) => mark.at <= now) : lane.marks.findLastIndex((mark) => mark.at <= now) + 1;
      choose(Math.min(lane.marks.length - 1, Math.max(0, (at < 0 ? start : at) + step)));
      whisper(markText(lane.marks[at]));
    },
  }, h("span", { class: "lane-name" }, lane.name, lane.bad ? h("span", { class: "bad-count" }, ` ${number(lane.bad)} failed`) : null),
  h("span", { class: "unseen" }, `, ${count(lane.past, "run")}, ${number(lane.coming)} to come`), picture);
  picture.addEventListener("pointermove", (event) => {
    const px = event.clientX - picture.getBoundingClientRect().left;
    let best = 0;
    let least = Infinity;
    lane.marks.forEach((mark, index) => {
      const left = x(mark.at);
      const away = px < left ? left - px : Math.max(0, px - left - wideOf(mark));
      if (away < least) [least, best] = [away, index];
    });
    if (least < 24) choose(best);
    else leave();
  });
  picture.addEventListener("pointerleave", leave);
  return button;
}

// What follows closely is one long mark: a lane of every minute is a band, not a thousand outlines.
function pathsOf(marks, leftOf, wideOf) {
  const paths = Object.fromEntries(KINDS.map((kind) => [kind, ""]));
  const open = new Map();
  const flush = (kind, { left, right }) => { paths[kind] += shape(kind, left, right - left); };
  for (const mark of marks) {
    const left = leftOf(mark);
    const right = left + wideOf(mark);
    const band = open.get(mark.kind);
    if (band && mark.kind !== "odd" && left <= band.right + 0.8) {
      band.right = Math.max(band.right, right);
    } else {
      if (band) flush(mark.kind, band);
      open.set(mark.kind, { left, right });
    }
  }
  for (const [kind, band] of open) flush(kind, band);
  return paths;
}

// Each kind has its own height or form, for those who do not see the colours.
function shape(kind, left, wide) {
  const x = left.toFixed(1);
  const w = wide.toFixed(1);
  if (kind === "bad") return `M${x} 3h${w}v${TALL - 6}h-${w}z`;
  if (kind === "odd") return `M${x} ${TALL / 2 - 4}l4 4l-4 4l-4 -4z`;
  if (kind === "dull") return `M${x} ${TALL / 2 - 3}h${w}v6h-${w}z`;
  if (kind === "coming") return `M${(left + 0.5).toFixed(1)} ${TALL / 2 - 4.5}h${Math.max(2.5, wide - 1).toFixed(1)}v9h-${Math.max(2.5, wide - 1).toFixed(1)}z`;
  return `M${x} ${TALL / 2 - 6}h${w}v12h-${w}z`;
}

function markText(mark) {
  if (mark.kind === "coming") return `to come ${dayTime(mark.at)}, ${relative(mark.at)}`;
  const took = mark.took === null || mark.took === undefined ? "" : `, took ${duration(mark.took)}`;
  return `${stateWord(mark.state)}, due ${dayTime(mark.at)}, ${relative(mark.at)}${took}`;
}
