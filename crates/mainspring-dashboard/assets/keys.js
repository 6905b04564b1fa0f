// Answers the keyboard: `?` shows what it knows.
//
// Single keys can be turned off, for those who speak to their computer or slip on keys.

import { byId } from "./dom.js";

const STORED = "mainspring-single-keys";
const PLACES = { j: "jobs", r: "runs", t: "timeline", s: "system" };
const IN_ROW = { t: ["trigger"], h: ["pause", "resume"], c: ["cancel"] };

/** `go(view)` is called for `g` and a letter. */
export function listenToKeys({ go }) {
  const help = byId("help");
  const on = byId("keys-on");
  on.checked = recall() !== "off";
  on.addEventListener("change", () => remember(on.checked ? "on" : "off"));
  byId("help-open").addEventListener("click", () => help.showModal());
  byId("help-close").addEventListener("click", () => help.close());

  let prefix = false;
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape" && typing?.type === "search") {
      // The browser would empty it; what was searched for stays.
      event.preventDefault();
      typing.blur();
      return;
    }
    if (typing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (toRow(event.target, event.key === "ArrowDown" ? 1 : -1)) event.preventDefault();
      return;
    }
    if (!on.checked) return;
    const key = event.key;
    if (prefix) {
      prefix = false;
      if (PLACES[key]) {
        event.preventDefault();
        go(PLACES[key]);
        return;
      }
    }
    const row = event.target.closest("tr");
    if (key === "g") {
      prefix = true;
      setTimeout(() => { prefix = false; }, 1_500);
    } else if (key === "?") {
      event.preventDefault();
      help.showModal();
    } else if (key === "/") {
      event.preventDefault();
      byId("search")?.focus();
    } else if (key === "n" || key === "p") {
      toRow(event.target, key === "n" ? 1 : -1, true);
    } else if (row && IN_ROW[key]) {
      const button = IN_ROW[key].map((act) => row.querySelector(`button[data-act="${act}"]`)).find(Boolean);
      if (button) {
        event.preventDefault();
        button.focus();
        button.click();
      }
    }
  });
}

/** Moves the focus to the row before or after; into the first one only if `enter` says so. */
function toRow(from, step, enter = false) {
  const links = [...document.querySelectorAll('main tbody a[data-act="open"], main .lane')];
  const at = links.findIndex((link) => link === from || link.closest("tr")?.contains(from));
  if (at < 0 && !enter) return false;
  const next = links[at < 0 ? 0 : at + step];
  if (!next) return at >= 0;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function recall() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

function remember(value) {
  try {
    localStorage.setItem(STORED, value);
  } catch {
    // Where nothing may be stored, it holds for this visit.
  }
}
