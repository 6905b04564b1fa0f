// The second view: what runs or waits now, and what has ended.

import { get } from "./api.js";
import { cancelButton } from "./actions.js";
import { cell, h, table, whisper } from "./dom.js";
import { coalesce } from "./live.js";
import { PagedTable, rearrange } from "./paged.js";
import { address, changed, here, replace } from "./route.js";
import { badge, count, duration, exactTimeOf, stateWord, timeOf } from "./words.js";

const LIVE = ["due", "running"];
const ENDED = ["succeeded", "failed", "timed_out", "cancelled", "skipped", "missed"];
const LIVE_COLUMNS = [{ title: "Job" }, { title: "State" }, { title: "Due" }, { title: "Started" }, { title: "Attempt", class: "right" }, { title: "Node" }, { title: "Actions", hidden: true }];
const ENDED_COLUMNS = [{ title: "Job" }, { title: "Outcome" }, { title: "Ended" }, { title: "Took", class: "right" }, { title: "Late", class: "right" }, { title: "Attempt", class: "right" }, { title: "Node" }, { title: "What it said" }];

export function runsView(root, app) {
  const job = h("input", { type: "search", id: "search", list: "names", placeholder: "Any job", autocomplete: "off", spellcheck: "false" });
  const names = h("datalist", { id: "names" });
  const state = h("select", { id: "state" },
    h("option", { value: "" }, "Any state"), [...LIVE, ...ENDED].map((one) => h("option", { value: one }, capital(stateWord(one)))));
  const liveTable = table({ caption: "Runs that run or wait, the first due first", name: "runs cards", columns: LIVE_COLUMNS });
  const liveBody = h("tbody", { role: "rowgroup" });
  liveTable.append(liveBody);
  const liveFoot = h("div", { class: "more" });
  const endedTable = table({ caption: "Runs that have ended, the last first", name: "runs cards", columns: ENDED_COLUMNS });
  const live = h("section", { "aria-labelledby": "live-title" }, h("div", { class: "toolbar" }, h("h2", { id: "live-title" }, "Running and waiting")), liveTable, liveFoot);
  const paged = new PagedTable(endedTable, {
    columns: ENDED_COLUMNS.length,
    fetchPage: async (after) => {
      const { runs, next } = await get("api/runs", { ...filter(), ended: true, after, limit: 50 });
      return { rows: runs, next };
    },
    keyOf: (run) => run.id,
    rowOf: endedRow,
    empty: () => h("div", { class: "note" }, h("p", null, filter().job || filter().state ? "No run matches." : "No run has ended yet."),
      filter().job || filter().state ? h("a", { href: address("runs") }, "Show all runs") : null),
  });
  const ended = h("section", { "aria-labelledby": "ended-title" }, h("div", { class: "toolbar" }, h("h2", { id: "ended-title" }, "History")), endedTable, paged.foot);

  function filter() {
    const { params } = here();
    return { job: params.get("job") ?? "", state: params.get("state") ?? "" };
  }

  function showFilter() {
    const now = filter();
    if (document.activeElement !== job) job.value = now.job;
    state.value = now.state;
    live.hidden = ENDED.includes(now.state);
    ended.hidden = LIVE.includes(now.state);
  }

  let rows = new Map();
  async function loadLive() {
    if (live.hidden) return;
    let answer;
    try {
      answer = await get("api/runs", { ...filter(), ended: false, limit: 100 });
    } catch (error) {
      if (error.status && error.status !== 401) liveFoot.replaceChildren(h("p", { class: "note bad" }, `This could not be loaded: ${error.message}`));
      return;
    }
    const drawn = new Map();
    for (const run of answer.runs) {
      const text = JSON.stringify(run);
      const before = rows.get(run.id);
      drawn.set(run.id, before?.text === text ? before : { text, node: liveRow(run, app) });
    }
    rows = drawn;
    rearrange(liveBody, [...drawn.values()].map((row) => row.node));
    liveTable.hidden = !drawn.size;
    liveFoot.replaceChildren(!drawn.size ? h("p", { class: "note" }, "Nothing runs or waits.")
      : answer.next ? h("p", { class: "note dim" }, `The first ${count(drawn.size, "run")} are shown.`) : "");
  }

  async function load(aloud) {
    showFilter();
    await Promise.all([loadLive(), ended.hidden ? null : paged.reset()]);
    if (aloud) whisper(`Runs are filtered: ${filter().job || "any job"}, ${filter().state ? stateWord(filter().state) : "any state"}`);
  }

  let typing = null;
  job.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(suggest, 180);
  });
  job.addEventListener("change", () => {
    replace({ job: job.value });
    load(true);
  });
  async function suggest() {
    if (!job.value && filter().job) {
      replace({ job: "" });
      load(true);
    }
    const { jobs } = await get("api/jobs", { search: job.value, limit: 20 }).catch(() => ({ jobs: [] }));
    names.replaceChildren(...jobs.map((one) => h("option", { value: one.name })));
    // One that was chosen from the list is meant.
    if (jobs.some((one) => one.name === job.value) && filter().job !== job.value) {
      replace({ job: job.value });
      load(true);
    }
  }
  state.addEventListener("change", () => {
    replace({ state: state.value });
    load(true);
  });

  const refreshLive = coalesce(loadLive, 120, 1_000);
  const refreshEnded = coalesce(() => (ended.hidden ? null : paged.refreshTop()), 250, 2_000);

  root.append(
    h("h1", { class: "unseen" }, "Runs"),
    h("form", { class: "toolbar filters", role: "search", "aria-label": "Filter runs", onsubmit: (event) => event.preventDefault() },
      h("label", null, "Job ", job), names, h("label", null, "State ", state)),
    live, ended);
  load(false);

  return {
    reload() {
      refreshLive();
      refreshEnded();
    },
    moved() {
      const now = filter();
      if (now.job !== job.value || now.state !== state.value) {
        job.value = now.job;
        load(true);
      }
    },
    touched(name, kind) {
      if (filter().job && filter().job !== name) return;
      refreshLive();
      if (kind !== "due" && kind !== "started") refreshEnded();
    },
    close() {
      clearTimeout(typing);
      paged.close();
    },
  };
}

function nameCell(run) {
  return h("th", { scope: "row", role: "rowheader" },
    h("a", { href: changed({ run: run.id, of: run.name, open: "" }), class: "name", data: { act: "open" } }, run.name),
    run.queue ? h("span", { class: "dim sub" }, run.queue) : null);
}

function liveRow(run, app) {
  const row = h("tr", { role: "row", data: { key: run.id } }, nameCell(run),
    cell("State", null, badge(run.state)),
    cell("Due", null, timeOf(run.due)),
    cell("Started", null, timeOf(run.started)),
    cell("Attempt", "right", String(run.attempt)),
    cell("Node", "node", run.node ?? "—"),
    cell("Actions", "actions", app.canChange ? cancelButton(run, app.touched, { small: true }) : h("span", { class: "none" }, "read only")));
  return row;
}

function endedRow(run) {
  const said = run.error ?? lastLine(run.output);
  return h("tr", { role: "row", class: run.error ? "failing" : null }, nameCell(run),
    cell("Outcome", null, badge(run.state)),
    cell("Ended", null, timeOf(run.ended ?? run.due)),
    cell("Took", "right", duration(run.took_ms)),
    cell("Late", "right", duration(run.late_ms)),
    cell("Attempt", "right", String(run.attempt)),
    cell("Node", "node", run.node ?? "—"),
    cell("What it said", "said", said ? h("span", { class: run.error ? "clip" : "clip dim", title: said }, said) : h("span", { class: "none" }, "—")));
}

function lastLine(output) {
  return output?.trimEnd().split("\n").at(-1);
}

function capital(word) {
  return word[0].toUpperCase() + word.slice(1);
}

/** A short table of runs, without pages: in a job's details. */
export function shortRuns(caption, runs) {
  const columns = [{ title: "Outcome" }, { title: "Due" }, { title: "Took", class: "right" }, { title: "What it said" }];
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table({ caption, name: "runs short", columns, children: h("tbody", { role: "rowgroup" }, runs.map((run) => {
    const said = run.error ?? lastLine(run.output);
    return h("tr", { role: "row" },
      h("th", { scope: "row", role: "rowheader" }, h("a", { href: changed({ run: run.id, of: run.name, open: "" }) }, badge(run.state))),
      cell("Due", null, exactTimeOf(run.due)),
      cell("Took", "right", duration(run.took_ms)),
      cell("What it said", "said", said ? h("span", { class: "clip dim", title: said }, said) : "—"));
  })) }));
}
