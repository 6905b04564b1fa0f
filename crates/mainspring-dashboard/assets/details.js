// One job or one run, in a drawer at the side.

import { get } from "./api.js";
import { cancelButton, jobButton } from "./actions.js";
import { byId, h, icon } from "./dom.js";
import { sparkline } from "./figures.js";
import { coalesce } from "./live.js";
import { address, changed } from "./route.js";
import { shortRuns } from "./runs.js";
import { badge, count, duration, exactTimeOf, number, percent } from "./words.js";

export class Details {
  #app;
  #drawer = byId("drawer");
  #shown = null;
  #turn = 0;
  #again = coalesce(() => this.#load(), 120, 1_000);

  /** `app.closeDetails()` is called when the drawer was closed by hand. */
  constructor(app) {
    this.#app = app;
    this.#drawer.addEventListener("close", () => {
      this.#shown = null;
      this.#turn += 1;
      this.#drawer.replaceChildren();
      app.closeDetails();
    });
    // A click beside the drawer reaches the dialog itself.
    this.#drawer.addEventListener("click", (event) => {
      if (event.target === this.#drawer) this.#drawer.close();
    });
  }

  /** Shows what the address names; `null` closes. */
  show(what) {
    if (!what) {
      if (this.#drawer.open) this.#drawer.close();
      return;
    }
    if (JSON.stringify(what) === JSON.stringify(this.#shown)) return;
    this.#shown = what;
    this.#frame(what.run ? "Run" : "Job", what.name, h("p", { class: "note" }, "Loading…"));
    if (!this.#drawer.open) this.#drawer.showModal();
    this.#load();
  }

  /** News of the job: what is shown of it is loaded again. */
  touched(name) {
    if (this.#shown && (name === null || this.#shown.name === name)) this.#again();
  }

  async #load() {
    const what = this.#shown;
    if (!what) return;
    const turn = ++this.#turn;
    let parts;
    try {
      parts = await (what.run ? this.#run(what) : this.#job(what));
    } catch (error) {
      if (turn !== this.#turn || error.status === 401) return;
      parts = [h("p", { class: "note bad" }, error.status === 404 ? `There is no such ${what.run ? "run" : "job"} any more: ${error.message}` : `This could not be loaded: ${error.message}`)];
    }
    if (turn === this.#turn) this.#frame(what.run ? "Run" : "Job", what.name, ...parts);
  }

  // Whoever had the focus on something here gets it back on the same thing.
  #frame(kind, name, ...parts) {
    const focused = this.#drawer.contains(document.activeElement) ? document.activeElement : null;
    const act = focused?.dataset.act;
    const top = this.#drawer.scrollTop;
    const close = h("button", { type: "button", class: "quiet square", "aria-label": "Close the details", title: "Close (Esc)", data: { act: "close" }, onclick: () => this.#drawer.close() }, icon("close"));
    this.#drawer.replaceChildren(h("div", { class: "inside" },
      h("div", { class: "drawer-top" }, h("div", null, h("p", { class: "dim kind" }, kind), h("h2", { id: "drawer-title" }, name)), close), ...parts));
    this.#drawer.scrollTop = top;
    const swap = { pause: "resume", resume: "pause" }[act];
    if (focused) (this.#drawer.querySelector(`[data-act="${act}"]`) ?? this.#drawer.querySelector(`[data-act="${swap}"]`) ?? close).focus();
  }

  async #job({ name }) {
    const [job, live, past] = await Promise.all([
      get("api/job", { name }),
      get("api/runs", { job: name, ended: false, limit: 10 }),
      get("api/runs", { job: name, ended: true, limit: 12 }),
    ]);
    const after = (touched) => this.#app.touched(touched);
    const parts = [
      h("div", { class: "buttons" },
        this.#app.canChange ? [jobButton("trigger", name, after), jobButton(job.state === "paused" ? "resume" : "pause", name, after)] : h("p", { class: "dim" }, "This page may look and not change."),
        h("a", { class: "button", href: address("runs", { job: name }) }, "All its runs")),
      job.error ? h("p", { class: "note bad" }, `Its schedule cannot be read: ${job.error}`) : null,
      facts([
        ["State", badge(job.state)],
        ["Schedule", h("span", null, job.words ?? "On demand", job.schedule ? [" ", h("code", { class: "dim" }, job.schedule)] : null)],
        ["Next run", exactTimeOf(job.next, job.state === "paused" ? "none while it is paused" : "none")],
        ["Last run", job.last ? h("span", null, badge(job.last.state), " ", exactTimeOf(job.last.ended ?? job.last.due)) : "never"],
        ["Handler", job.handler ? h("code", null, job.handler) : "—"],
        ["Queue", job.queue || "—"],
        ["Success", job.success_rate === null ? "—" : `${percent(job.success_rate)} of the last ${count(job.recent.length, "run")}`],
      ]),
      h("h3", null, "Durations"), sparkline(job.recent, true),
    ];
    if (live.runs.length) {
      parts.push(h("h3", null, "Running and waiting"), h("ul", { class: "plain" }, live.runs.map((run) => h("li", { class: "live-run" },
        h("a", { href: changed({ run: run.id, of: name, open: "" }) }, badge(run.state)), exactTimeOf(run.started ?? run.due),
        this.#app.canChange ? cancelButton(run, after, { small: true }) : null))));
    }
    parts.push(h("h3", null, "Last runs"), past.runs.length ? shortRuns(`The last runs of ${name}`, past.runs) : h("p", { class: "dim" }, "None has ended yet."));
    if (job.upcoming?.length) {
      parts.push(h("h3", null, "Coming"), h("ol", { class: "coming" }, job.upcoming.map((at) => h("li", null, exactTimeOf(at)))));
    }
    return parts;
  }

  async #run({ name, run: id }) {
    const run = await findRun(name, id);
    const waits = run.state === "due" || run.state === "running";
    return [
      h("div", { class: "buttons" },
        waits && this.#app.canChange ? cancelButton(run, (touched) => this.#app.touched(touched)) : null,
        h("a", { class: "button", href: changed({ open: name, run: "", of: "" }), data: { act: "job" } }, "Its job"),
        h("a", { class: "button", href: address("runs", { job: name }) }, "All runs of the job")),
      facts([
        ["State", badge(run.state)],
        ["Due", exactTimeOf(run.due)],
        ["Started", exactTimeOf(run.started, "not yet")],
        ["Late", duration(run.late_ms)],
        ["Ended", exactTimeOf(run.ended, waits ? "not yet" : "—")],
        ["Took", duration(run.took_ms)],
        ["Attempt", number(run.attempt)],
        ["Node", run.node ?? "—"],
        ["Queue", run.queue || "—"],
      ]),
      h("h3", null, "Error"),
      run.error ? h("pre", { class: "bad", tabindex: "0", "aria-label": "Error" }, run.error) : h("p", { class: "dim" }, "None."),
      h("h3", null, "End of its output"),
      run.output ? h("pre", { tabindex: "0", "aria-label": "End of the output" }, run.output) : h("p", { class: "dim" }, "It wrote nothing that was kept."),
    ];
  }
}

async function findRun(job, id) {
  for (const ended of [false, true]) {
    const { runs } = await get("api/runs", { job, ended, limit: 200 });
    const found = runs.find((run) => run.id === id);
    if (found) return found;
  }
  throw new Error("it is not among the last 200 runs of its job");
}

function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.map(([title, value]) => h("div", null, h("dt", null, title), h("dd", null, value))));
}
