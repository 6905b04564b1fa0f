// The fourth view: the executor's queues, how late ticks are, nodes and their leases.

import { cell, h, icon, table } from "./dom.js";
import { shareBars } from "./figures.js";
import { count, duration, exactTimeOf, number, percent, timeOf } from "./words.js";

const QUEUES = [{ title: "Queue" }, { title: "Weight", class: "right" }, { title: "Share asked", class: "right" }, { title: "Share got", class: "right" }, { title: "Both", hidden: true },
  { title: "Delay, median", class: "right" }, { title: "Delay, 99 %", class: "right" }, { title: "Tasks", class: "right" }, { title: "Polls", class: "right" }];
const NODES = [{ title: "Node" }, { title: "State" }, { title: "Running", class: "right" }, { title: "Lease until" }];

export function systemView(root, app) {
  const queues = h("div");
  const ticks = h("div");
  const nodes = h("div");
  root.append(h("h1", { class: "unseen" }, "System"),
    section("queues-title", "Queues of the executor", queues),
    section("ticks-title", "How late runs start", ticks),
    section("nodes-title", "Nodes and leases", nodes));

  const show = (overview) => {
    queues.replaceChildren(queueTable(overview.queues));
    ticks.replaceChildren(tickFacts(overview.ticks));
    nodes.replaceChildren(nodeTable(overview));
  };
  if (app.overview) show(app.overview);
  // The page asks for the overview again and again, whichever view it shows.
  return { reload() {}, moved() {}, touched() {}, overview: show, close() {} };
}

function section(id, title, body) {
  return h("section", { "aria-labelledby": id }, h("div", { class: "toolbar" }, h("h2", { id }, title)), body);
}

function queueTable(queues) {
  if (!queues?.length) return h("p", { class: "note" }, "No executor of the project's own is attached to this page: handlers run on another one.");
  const rows = queues.map((queue) => h("tr", { role: "row" },
    h("th", { scope: "row", role: "rowheader" }, h("span", { class: "name" }, queue.name)),
    cell("Weight", "right", number(queue.weight)),
    cell("Share asked", "right", percent(queue.share_asked)),
    cell("Share got", "right", percent(queue.share_got)),
    cell("Both", "both", shareBars(queue.share_asked, queue.share_got)),
    cell("Delay, median", "right", duration(queue.delay_p50_ms)),
    cell("Delay, 99 %", "right", duration(queue.delay_p99_ms)),
    cell("Tasks", "right", number(queue.tasks)),
    cell("Polls", "right", number(queue.polls))));
  return table({ caption: "Queues: share of the time asked and got, and how long tasks waited for their turn", name: "cards queues", columns: QUEUES, children: h("tbody", { role: "rowgroup" }, rows) });
}

function tickFacts(ticks) {
  if (!ticks?.count) return h("p", { class: "note" }, "This node has started no run yet.");
  const pair = (title, value) => h("div", null, h("dt", null, title), h("dd", null, h("strong", null, value)));
  return h("div", null,
    h("dl", { class: "figures" }, pair("Median", duration(ticks.p50_ms)), pair("99 of 100 within", duration(ticks.p99_ms)), pair("Latest", duration(ticks.max_ms)), pair("Runs", number(ticks.count))),
    h("p", { class: "dim" }, `From the instant a run was due to its start, of the last ${count(ticks.count, "run")} that this node started.`));
}

function nodeTable(overview) {
  const now = Date.parse(overview.now);
  if (!overview.nodes.length) return h("p", { class: "note" }, "No node holds a lease: nothing runs at the moment.");
  const rows = overview.nodes.map((node) => {
    const silent = node.lease_until !== null && Date.parse(node.lease_until) < now;
    return h("tr", { role: "row" },
      h("th", { scope: "row", role: "rowheader" }, h("span", { class: "name" }, node.name), node.is_this ? h("span", { class: "dim sub" }, "this one") : null),
      cell("State", null, h("span", { class: silent ? "badge odd" : "badge good" }, icon(silent ? "missed" : "succeeded"), silent ? "silent: its lease is over" : "alive")),
      cell("Running", "right", number(node.running)),
      cell("Lease until", null, node.lease_until ? exactTimeOf(node.lease_until) : timeOf(null, "none")));
  });
  return table({ caption: "Nodes that run jobs of this store", name: "cards nodes", columns: NODES, children: h("tbody", { role: "rowgroup" }, rows) });
}
