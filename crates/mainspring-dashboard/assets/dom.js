// Makes elements, and tells people what happened.
//
// Whatever comes from the server enters the page here, as text or as an attribute's value: nothing is
// ever read as markup.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element. `props`: attributes; `on…` listeners; `data` a record; false and null are left out. */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function s(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(node, props, children) {
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "data") Object.assign(node.dataset, value);
    else node.setAttribute(key, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

export function byId(id) {
  return document.getElementById(id);
}

// Twelve units square, drawn in the colour of the text around them.
const SHAPES = {
  due: "M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M6 3.6V6l1.7 1.2",
  waiting: "M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M6 3.6V6l1.7 1.2",
  running: "M3.2 1.8v8.4L10 6z",
  trigger: "M3.2 1.8v8.4L10 6z",
  resume: "M1.8 2v8M4.6 1.8v8.4L10.8 6z",
  succeeded: "M1.8 6.4l2.8 2.8 5.6-6.4",
  failed: "M2.5 2.5l7 7M9.5 2.5l-7 7",
  cancel: "M2.5 2.5l7 7M9.5 2.5l-7 7",
  close: "M2.5 2.5l7 7M9.5 2.5l-7 7",
  timed_out: "M3 1.5h6M3 10.5h6M3.6 1.5c0 3 4.8 6 4.8 9M8.4 1.5c0 3-4.8 6-4.8 9",
  cancelled: "M6 1.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9M3 3l6 6",
  skipped: "M2 2.5L5.5 6 2 9.5M6.5 2.5L10 6 6.5 9.5",
  missed: "M6 1.5v5.4M6 9.6v.6",
  paused: "M3.8 2v8M8.2 2v8",
  pause: "M3.8 2v8M8.2 2v8",
  ended: "M3 3h6v6H3z",
};
const FILLED = new Set(["running", "trigger", "resume", "ended"]);

/** A small picture beside a word; alone it says nothing to anybody. */
export function icon(name) {
  return s(
    "svg",
    { class: FILLED.has(name) ? "icon filled" : "icon", viewBox: "0 0 12 12", "aria-hidden": "true" },
    s("path", { d: SHAPES[name] ?? SHAPES.missed }),
  );
}

/** A table whose roles survive its being laid out as cards. */
export function table({ caption, name, columns, children }) {
  const head = columns.map((column) =>
    h("th", { scope: "col", role: "columnheader", class: column.class }, column.hidden
      ? h("span", { class: "unseen" }, column.title)
      : column.title),
  );
  return h(
    "table",
    { role: "table", class: name },
    h("caption", { class: "unseen" }, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    children,
  );
}

/** A cell that knows its column's title, for where the columns are gone. */
export function cell(title, className, ...children) {
  return h("td", { role: "cell", class: className, data: { title } }, ...children);
}

/** Says a result to those who look and to those who listen. */
export function tell(text) {
  toast(text, "good");
  say("said", text);
}

/** Says that something did not work; it stays until it is dismissed. */
export function warn(text) {
  toast(text, "bad");
  say("warned", text);
}

/** Says something to those who listen alone: the page already shows it. */
export function whisper(text) {
  say("said", text);
}

function say(id, text) {
  const line = byId(id);
  line.textContent = "";
  // A text that does not change is not read out again.
  setTimeout(() => { line.textContent = text; }, 50);
}

function toast(text, kind) {
  const dismiss = h("button", { type: "button", class: "quiet square", "aria-label": "Dismiss", onclick: () => node.remove() }, icon("close"));
  const node = h("div", { class: `toast ${kind}` }, icon(kind === "good" ? "succeeded" : "missed"), h("p", null, text), dismiss);
  const all = byId("toasts");
  all.append(node);
  while (all.children.length > 4) all.firstElementChild.remove();
  if (kind === "good") setTimeout(() => node.remove(), 5000);
}

/** Asks before what cannot be undone. */
export function confirm({ title, text, yes }) {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = yes;
  return new Promise((resolve) => {
    let answer = false;
    byId("confirm-yes").onclick = () => { answer = true; dialog.close(); };
    byId("confirm-no").onclick = () => dialog.close();
    dialog.addEventListener("close", () => resolve(answer), { once: true });
    dialog.showModal();
    byId("confirm-no").focus();
  });
}
