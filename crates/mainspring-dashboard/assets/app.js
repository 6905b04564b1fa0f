// Puts the page together: where one is, what is live, who may look, and the keyboard.

import { get, post, whenSignedOut } from "./api.js";
import { Details } from "./details.js";
import { byId, h, whisper } from "./dom.js";
import { jobsView } from "./jobs.js";
import { Live, coalesce } from "./live.js";
import { runsView } from "./runs.js";
import { address, changed, here, replace } from "./route.js";
import { listenToKeys } from "./keys.js";
import { systemView } from "./system.js";
import { timelineView } from "./timeline.js";
import { refreshTimes, relative, secondsTime, now, setNow } from "./words.js";

const BUILDERS = { jobs: jobsView, runs: runsView, timeline: timelineView, system: systemView };
const TITLES = { jobs: "Jobs", runs: "Runs", timeline: "Timeline", system: "System" };
/** A page nobody looks at gives its stream back after this. */
const HIDDEN_MS = 60_000;
/** Leases, queues and what others change in the store come without an event. */
const LOOK_MS = 5_000;

const main = byId("main");
let view = null;
let shown = null;
let signingIn = false;

const app = {
  overview: null,
  canChange: false,
  /** Something happened to the job, or may have. */
  touched(name, kind = null) {
    view?.touched(name, kind);
    details.touched(name);
    refreshOverview();
  },
  learned(overview) {
    const couldChange = app.canChange;
    const before = app.overview?.jobs;
    app.overview = overview;
    app.canChange = overview.can_change;
    setNow(overview.now);
    byId("title").textContent = overview.title;
    byId("foot").textContent = `Mainspring ${overview.version}${overview.node ? ` on ${overview.node}` : ""}, store: ${overview.store}`;
    titlePage();
    view?.overview?.(overview);
    // Somebody else added, removed, paused or resumed jobs.
    if (before && (before.total !== overview.jobs.total || before.paused !== overview.jobs.paused)) reloadSoon();
    return couldChange !== app.canChange;
  },
  closeDetails() {
    const { params } = here();
    const name = params.get("open") ?? params.get("of");
    if (name === null) return;
    const key = params.get("run") ?? name;
    replace({ open: "", run: "", of: "" });
    // The row may have been drawn anew meanwhile.
    const row = document.querySelector(`[data-key="${CSS.escape(key)}"] [data-act="open"], .lane[data-name="${CSS.escape(name)}"]`);
    if (row) row.focus();
  },
};
const details = new Details(app);

const refreshOverview = coalesce(async () => {
  const overview = await get("api/overview").catch(() => null);
  if (overview) app.learned(overview);
}, 300, 2_000);

const reloadSoon = coalesce(async () => {
  view?.reload();
  details.touched(null);
}, 500, 5_000);

setInterval(() => {
  if (!document.hidden && state.name === "live") refreshOverview();
}, LOOK_MS);

// ---- where one is ----

function go() {
  if (signingIn) return;
  const { view: name, params } = here();
  if (name !== shown) {
    view?.close();
    shown = name;
    for (const link of document.querySelectorAll("nav a")) {
      if (link.dataset.view === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    main.replaceChildren();
    view = BUILDERS[name](main, app);
    if (app.overview) view.overview?.(app.overview);
    window.scrollTo(0, 0);
    titlePage();
  } else {
    view.moved();
  }
  const run = params.get("run");
  details.show(run ? { run, name: params.get("of") ?? "" } : params.get("open") ? { name: params.get("open") } : null);
}

function titlePage() {
  if (shown) document.title = `${TITLES[shown]} · ${app.overview?.title ?? "Mainspring"}`;
}

window.addEventListener("hashchange", () => {
  const before = shown;
  go();
  if (before !== shown) whisper(TITLES[shown]);
});
byId("skip").addEventListener("click", (event) => {
  // The address says which view it is, so the link may not change it.
  event.preventDefault();
  main.focus();
});

// ---- live ----

let state = { name: "connecting", retryAt: null, since: null };

const live = new Live({
  onState(name, retryAt) {
    if (state.name === "live" && name !== "live") state.since = Date.now();
    const was = state.name;
    state = { ...state, name, retryAt };
    showLink();
    if (name === "away" && was === "live") whisper("Disconnected. What is shown may be old.");
    if (name === "live" && state.since) {
      whisper("Connected again.");
      state.since = null;
    }
  },
  onOpen(overview) {
    if (signingIn) return;
    const rights = app.learned(overview);
    if (!view) go();
    else if (rights) rebuild();
    else view.reload();
    details.touched(null);
  },
  onEvent(type, data) {
    if (type === "store") {
      state.store = data.kind;
      showLink();
      if (data.kind === "back") view?.reload();
    } else {
      app.touched(data.name, data.kind);
    }
  },
  onLost() {
    view?.reload();
    details.touched(null);
    refreshOverview();
  },
});

function rebuild() {
  shown = null;
  go();
}

function showLink() {
  if (signingIn) return;
  const away = state.name === "away" || state.name === "retrying";
  const never = !app.overview;
  byId("link").dataset.state = state.name === "live" && state.store === "away" ? "away" : state.name;
  byId("link-text").textContent = state.name === "live" ? (state.store === "away" ? "Store away" : "Live") : away ? "Disconnected" : "Connecting";
  byId("banner").hidden = !away;
  if (!away) return;
  const old = never ? "" : ` What you see is from ${secondsTime(state.since ?? Date.now())}.`;
  const seconds = state.retryAt ? Math.max(0, Math.ceil((state.retryAt - Date.now()) / 1000)) : 0;
  byId("banner-text").textContent = `Disconnected, retrying${seconds ? ` in ${seconds} s` : ""}.${old}`;
}

byId("banner-retry").addEventListener("click", () => live.retry());
window.addEventListener("online", () => live.retry());

let hiding = null;
document.addEventListener("visibilitychange", () => {
  clearTimeout(hiding);
  if (document.hidden) hiding = setTimeout(() => live.stop(), HIDDEN_MS);
  else if (!signingIn) live.resume();
});

// A page that the browser keeps for "back" would keep its connection, and there are six for each host.
window.addEventListener("pagehide", () => live.stop());
window.addEventListener("pageshow", (event) => {
  if (event.persisted && !signingIn) live.resume();
});

setInterval(() => {
  if (document.hidden) return;
  refreshTimes();
  if (state.name === "away") showLink();
}, 1_000);

// ---- signing in ----

whenSignedOut(() => {
  if (signingIn) return;
  signingIn = true;
  live.stop();
  details.show(null);
  view?.close();
  view = null;
  shown = null;
  state = { name: "connecting", retryAt: null, since: null };
  byId("banner").hidden = true;
  byId("link").dataset.state = "locked";
  byId("link-text").textContent = "Signed out";
  document.title = "Sign in";
  const token = h("input", { type: "password", id: "token", autocomplete: "current-password", required: true, "aria-describedby": "token-error" });
  const wrong = h("p", { class: "bad", id: "token-error", role: "alert" });
  const form = h("form", {
    class: "sign-in",
    async onsubmit(event) {
      event.preventDefault();
      wrong.textContent = "";
      try {
        await post("api/login", { token: token.value });
      } catch (error) {
        wrong.textContent = `You are not signed in: ${error.message}`;
        token.select();
        token.focus();
        return;
      }
      signingIn = false;
      main.replaceChildren(h("p", { class: "note" }, "Loading…"));
      main.focus();
      live.start();
    },
  }, h("h1", null, "Sign in"), h("p", { class: "dim" }, "This dashboard asks for the token that it was started with."),
  // Keepers of passwords want a name beside one.
  h("input", { type: "text", autocomplete: "username", value: "mainspring", hidden: true }),
  h("label", { for: "token" }, "Token"), token, wrong, h("button", { type: "submit", class: "primary" }, "Sign in"));
  main.replaceChildren(form);
  token.focus();
});

listenToKeys({ go: (name) => { location.hash = address(name); } });
live.start();
