// The first view: figures, the day as columns, and every job.

import { get } from "./api.js";
import { jobButton } from "./actions.js";
import { cell, h, icon, table, whisper } from "./dom.js";
import { dayColumns, sparkline } from "./figures.js";
import { coalesce } from "./live.js";
import { PagedTable } from "./paged.js";
import { address, changed, here, replace } from "./route.js";
import { badge, clockTime, count, dayTime, duration, number, percent, stateWord, timeOf, tone } from "./words.js";

const COLUMNS = [
  { title: "Job" }, { title: "Schedule" }, { title: "State" }, { title: "Last run" }, { title: "Next run" },
  { title: "Durations" }, { title: "Success", class: "right" }, { title: "Actions", hidden: true },
];
const STATES = [["", "All"], ["running", "Running"], ["paused", "Paused"], ["failing", "Failing"]];

export function jobsView(root, app) {
  const touched = new Set();
  const figures = h("dl", { class: "figures", "aria-label": "Figures" });
  const day = dayPanel();
  const search = h("input", { type: "search", id: "search", placeholder: "Search", autocomplete: "off", spellcheck: "false", "aria-label": "Search jobs by name" });
  const states = h("div", { class: "choices", role: "group", "aria-label": "Show jobs that are" });
  const found = h("span", { class: "dim", id: "found" });
  const list = table({ caption: "Jobs, by name", name: "jobs cards", columns: COLUMNS });
  const paged = new PagedTable(list, {
    columns: COLUMNS.length,
    fetchPage: async (after) => {
      const { jobs, next } = await get("api/jobs", { ...filter(), after, limit: 100 });
      return { rows: jobs, next };
    },
    keyOf: (job) => job.name,
    rowOf: (job) => jobRow(job, app),
    empty: () => nothing(filter()),
    onCount(shown, more) {
      const { search: text, state } = filter();
      const total = app.overview?.jobs.total;
      found.textContent = !more ? count(shown, "job") : !text && !state && total ? `${number(total)} jobs` : `more than ${count(shown, "job")}`;
    },
  });

  function filter() {
    const { params } = here();
    return { search: params.get("search") ?? "", state: params.get("state") ?? "" };
  }

  function showFilter() {
    const { search: text, state } = filter();
    if (search.value !== text) search.value = text;
    states.replaceChildren(...STATES.map(([value, word]) => h("button", {
      type: "button", "aria-pressed": String(value === state), onclick() {
        replace({ state: value });
        showFilter();
        states.querySelector(`[aria-pressed="true"]`).focus();
        load(true);
      },
    }, word)));
  }

  let typing = null;
  search.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => {
      replace({ search: search.value });
      load(true);
    }, 180);
  });

  async function load(aloud) {
    await paged.reset();
    if (aloud) whisper(found.textContent);
  }

  const refreshRows = coalesce(async () => {
    const names = [...touched];
    touched.clear();
    await paged.refresh((after, next) => names.some((name) => (after === null || name > after) && (next === null || name <= next)));
  }, 120, 1_000);

  root.append(
    h("h1", { class: "unseen" }, "Jobs"),
    figures,
    day.node,
    h("section", { "aria-labelledby": "jobs-title" },
      h("div", { class: "toolbar" }, h("h2", { id: "jobs-title" }, "Jobs"), found, h("span", { class: "gap" }), states, search),
      list, paged.foot),
  );
  showFilter();
  load(false);
  day.load();

  return {
    reload() {
      paged.reload();
      day.load();
    },
    // "Back", or a link to this view with other filters.
    moved() {
      const before = `${search.value}|${states.querySelector(`[aria-pressed="true"]`)?.textContent}`;
      showFilter();
      const after = `${search.value}|${states.querySelector(`[aria-pressed="true"]`)?.textContent}`;
      if (before !== after) load(true);
    },
    touched(name) {
      touched.add(name);
      refreshRows();
      day.load();
    },
    overview(overview) {
      figures.replaceChildren(...figureList(overview));
      if (!here().params.get("search") && !here().params.get("state") && overview.jobs.total) {
        found.textContent = count(overview.jobs.total, "job");
      }
    },
    close() {
      clearTimeout(typing);
      paged.close();
      day.close();
    },
  };
}

function figureList(overview) {
  const { jobs, runs, ticks, nodes } = overview;
  const late = ticks?.count ? [duration(ticks.p99_ms), `median ${duration(ticks.p50_ms)}`] : ["—", "no run yet"];
  const alive = nodes.filter((node) => Date.parse(node.lease_until ?? overview.now) >= Date.parse(overview.now)).length;
  return [
    figure("Jobs", jobs.total === null ? "—" : number(jobs.total), jobs.paused ? `${number(jobs.paused)} paused` : "none paused"),
    figure("Running now", number(runs.running), runs.waiting ? `${number(runs.waiting)} waiting` : "none waiting", runs.running ? "busy" : null),
    figure("Start after due, 99 %", late[0], late[1]),
    figure("Nodes", number(Math.max(alive, 1)), alive < nodes.length ? `${nodes.length - alive} silent` : `store: ${overview.store}`, alive < nodes.length ? "odd" : null),
  ];
}

function figure(title, value, more, kind) {
  return h("div", { class: kind }, h("dt", null, title), h("dd", null, h("strong", null, value), " ", h("span", { class: "dim" }, more)));
}

function jobRow(job, app) {
  const open = changed({ open: job.name, run: "", of: "" });
  const paused = job.state === "paused";
  return h("tr", { role: "row", class: tone(job.last?.state) === "bad" ? "failing" : null },
    h("th", { scope: "row", role: "rowheader" },
      h("a", { href: open, class: "name", data: { act: "open" } }, job.name),
      h("span", { class: "dim sub" }, [job.handler, job.queue].filter(Boolean).join(" · "))),
    cell("Schedule", "schedule", job.words ?? "On demand", job.schedule ? h("code", { class: "dim sub" }, job.schedule) : null),
    cell("State", null, badge(job.state), job.waiting ? h("span", { class: "dim sub" }, `${number(job.waiting)} waiting`) : null),
    cell("Last run", "last", lastRun(job.last), lastNote(job.last)),
    cell("Next run", null, timeOf(job.next, paused ? "paused" : "—"), job.next ? h("span", { class: "dim sub" }, dayTime(Date.parse(job.next))) : null),
    cell("Durations", "durations", sparkline(job.recent)),
    cell("Success", "right", successRate(job)),
    cell("Actions", "actions", app.canChange ? [
      jobButton("trigger", job.name, app.touched, { small: true }),
      jobButton(paused ? "resume" : "pause", job.name, app.touched, { small: true }),
    ] : h("span", { class: "none" }, "read only")),
  );
}

function lastRun(last) {
  if (!last) return h("span", { class: "none" }, "never");
  // Most went well, and then the tick and the time are enough for the eye.
  const word = h("span", { class: last.state === "succeeded" ? "unseen" : null }, `${stateWord(last.state)} `);
  return h("span", { class: `badge ${tone(last.state)}` }, icon(last.state), h("span", null, word, timeOf(last.ended ?? last.due)));
}

function lastNote(last) {
  if (last?.error) return h("span", { class: "dim sub clip", title: last.error }, last.error);
  if (last?.took_ms === null || last?.took_ms === undefined) return null;
  return h("span", { class: "dim sub" }, `took ${duration(last.took_ms)}`);
}

function successRate(job) {
  if (job.success_rate === null) return h("span", { class: "none" }, "—");
  return h("span", { class: job.success_rate < 0.9 ? "rate bad" : "rate" }, percent(job.success_rate));
}

function nothing({ search, state }) {
  if (!search && !state) return h("div", { class: "note" }, h("p", null, "There are no jobs yet."), h("p", { class: "dim" }, "A job appears here as soon as it is in the store."));
  return h("div", { class: "note" }, h("p", null, "No job matches."), h("a", { href: address("jobs") }, "Show all jobs"));
}

/** The columns of the day; pointing at one tells what is in it. */
export function dayPanel() {
  const box = h("div", { class: "day-box" });
  const told = h("p", { class: "dim told" }, "Loading…");
  let data = null;
  let summary = "";
  const draw = () => {
    if (!data || !box.clientWidth) return;
    const chart = dayColumns(data, box.clientWidth);
    box.replaceChildren(chart.picture);
    box.onpointermove = (event) => {
      const index = chart.at(event.clientX - box.getBoundingClientRect().left);
      const column = chart.columns[index];
      if (column) told.textContent = `${clockTime(chart.start(index))}–${clockTime(chart.start(index + 1))}: ${columnText(column)}`;
    };
    box.onpointerleave = () => { told.textContent = summary; };
  };
  const observer = new ResizeObserver(draw);
  observer.observe(box);
  const load = coalesce(async () => {
    try {
      data = await get("api/timeline", { hours: 24 });
    } catch (error) {
      if (error.status && error.status !== 401) told.textContent = `The day could not be loaded: ${error.message}`;
      return;
    }
    summary = dayText(data);
    told.textContent = summary;
    draw();
  }, 50, 10_000);
  const node = h("section", { class: "day", "aria-labelledby": "day-title" },
    h("div", { class: "toolbar" }, h("h2", { id: "day-title" }, "The last and the next 24 hours"), told, h("span", { class: "gap" }),
      h("span", { class: "legend", "aria-hidden": "true" }, key("good", "succeeded"), key("bad", "failed"), key("dull", "other"), key("coming", "to come"))),
    box);
  return { node, load, close: () => observer.disconnect() };
}

function key(kind, word) {
  return h("span", { class: `key ${kind}` }, word);
}

function columnText(column) {
  const parts = [[column.good, "succeeded"], [column.bad, "failed"], [column.dull, "other"], [column.coming, "to come"]];
  return parts.filter(([n]) => n).map(([n, word]) => `${number(n)} ${word}`).join(", ") || "nothing";
}

function dayText(data) {
  const bad = data.past.filter((run) => tone(run.state) === "bad").length;
  const good = data.past.filter((run) => run.state === "succeeded").length;
  const past = data.past_truncated ? `Of the latest ${number(data.past.length)} runs` : `Of ${count(data.past.length, "run")}`;
  const coming = data.coming_truncated ? `more than ${number(data.coming.length)} to come` : `${number(data.coming.length)} to come`;
  const rate = good + bad ? `, ${percent(good / (good + bad))} well` : "";
  return `${past}, ${number(bad)} failed${rate}; ${coming}`;
}
