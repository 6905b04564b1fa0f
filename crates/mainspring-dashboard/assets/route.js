// Reads and writes where one is: `#/runs?job=mail.queue&state=failed`.
//
// Everything one can look at has an address, so that it can be sent to somebody and the browser's
// "back" closes what was opened.

export const VIEWS = ["jobs", "runs", "timeline", "system"];

/** The view and its parameters; what is unknown is the first view. */
export function here() {
  const [name, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  return { view: VIEWS.includes(name) ? name : VIEWS[0], params: new URLSearchParams(query) };
}

/** The address of `view`; parameters that are empty are left out. */
export function address(view, params = {}) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value !== null && value !== undefined && value !== "") query.set(key, value);
  }
  const text = query.toString();
  return text ? `#/${view}?${text}` : `#/${view}`;
}

/** This view's address with some parameters changed. */
export function changed(changes) {
  const { view, params } = here();
  return address(view, { ...Object.fromEntries(params), ...changes });
}

/** Changes parameters without a new step for "back": what is typed into a filter. */
export function replace(changes) {
  history.replaceState(null, "", changed(changes));
}
