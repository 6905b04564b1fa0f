// A table that loads page by page as one scrolls, and draws only the pages near the screen.
//
// Ten thousand rows are a hundred pages; each is a `tbody` of its own. One that is far away is an empty
// row of the same height until it comes near again. A row that did not change keeps its element, so
// that neither the focus nor a hover is lost when news come in.

import { h, whisper } from "./dom.js";

/** What takes the place of a button that was pressed. */
const SWAPS = { pause: "resume", resume: "pause" };

const NEAR = "1400px 0px";

export class PagedTable {
  #table;
  #options;
  #pages = [];
  #turn = 0;
  #loading = false;
  #near;
  #foot;
  #footSeen;

  /**
   * `fetchPage(after)` gives `{rows, next}`; `rowOf(item)` a `tr`; `keyOf(item)` what tells rows apart;
   * `empty()` what to show where there is nothing; `columns` how many there are.
   */
  constructor(table, options) {
    this.#table = table;
    this.#options = options;
    this.#near = new IntersectionObserver((entries) => {
      for (const entry of entries) this.#show(entry.target, entry.isIntersecting);
    }, { rootMargin: NEAR });
    this.#foot = h("div", { class: "more" });
    this.#footSeen = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.#more();
    }, { rootMargin: "600px 0px" });
    this.#footSeen.observe(this.#foot);
  }

  /** What goes below the table: "load more", errors, or that there is nothing. */
  get foot() {
    return this.#foot;
  }

  close() {
    this.#turn += 1;
    this.#near.disconnect();
    this.#footSeen.disconnect();
  }

  /** Brings what is there up to date; begins, where nothing is. */
  reload() {
    return this.#pages.length ? this.refresh(() => true) : this.reset();
  }

  /** Begins anew: other filters, or too much has changed. The old rows stay until the new are there. */
  async reset() {
    const turn = ++this.#turn;
    this.#loading = true;
    if (!this.#pages.length) this.#note(h("p", { class: "note" }, "Loading…"));
    try {
      const { rows, next } = await this.#options.fetchPage(null);
      if (turn !== this.#turn) return;
      for (const page of this.#pages) this.#drop(page);
      this.#pages = [];
      this.#append(null, rows, next);
    } catch (error) {
      if (turn === this.#turn) this.#failed(error, () => this.reset());
      return;
    } finally {
      if (turn === this.#turn) this.#loading = false;
    }
    this.#settle();
  }

  async #more() {
    const last = this.#pages.at(-1);
    if (this.#loading || !last?.next) return;
    const turn = this.#turn;
    this.#loading = true;
    this.#note(h("p", { class: "note" }, "Loading more…"));
    try {
      const { rows, next } = await this.#options.fetchPage(last.next);
      if (turn !== this.#turn) return;
      this.#append(last.next, rows, next);
    } catch (error) {
      if (turn === this.#turn) this.#failed(error, () => this.#more());
      return;
    } finally {
      if (turn === this.#turn) this.#loading = false;
    }
    this.#settle();
  }

  /** Marks the pages for which `touches(first, last, page)` holds; those near the screen are loaded again. */
  async refresh(touches) {
    this.#pages.forEach((page, at) => {
      if (touches(page.after, page.next, at)) page.stale = true;
    });
    await this.#refreshNear();
  }

  async #refreshNear() {
    const turn = this.#turn;
    for (let at = 0; at < this.#pages.length; at += 1) {
      const page = this.#pages[at];
      if (!page.stale || !page.shown) continue;
      page.stale = false;
      let answer;
      try {
        answer = await this.#options.fetchPage(page.after);
      } catch {
        // The stream of events notices as well, and everything is loaded when it is back.
        page.stale = true;
        return;
      }
      if (turn !== this.#turn) return;
      page.rows = answer.rows;
      if (page.next !== answer.next) {
        page.next = answer.next;
        const following = this.#pages[at + 1];
        if (following && answer.next) {
          following.after = answer.next;
          following.stale = true;
        } else {
          for (const gone of this.#pages.splice(at + 1)) this.#drop(gone);
        }
      }
      this.#draw(page);
    }
    this.#settle();
  }

  /** Puts rows that are new before the others, and what changed in its place. */
  async refreshTop() {
    if (!this.#pages.length) return this.reset();
    const turn = this.#turn;
    const { keyOf } = this.#options;
    let answer;
    try {
      answer = await this.#options.fetchPage(null);
    } catch {
      return;
    }
    if (turn !== this.#turn) return;
    const first = this.#pages[0];
    const known = new Set(first.rows.map(keyOf));
    const joins = answer.rows.some((row) => known.has(keyOf(row)));
    if (!joins || first.rows.length > 400) return this.reset();
    const fresh = new Set(answer.rows.map(keyOf));
    first.rows = [...answer.rows, ...first.rows.filter((row) => !fresh.has(keyOf(row)))];
    this.#draw(first);
    this.#settle();
  }

  #append(after, rows, next) {
    const body = h("tbody", { role: "rowgroup" });
    const page = { after, rows, next, body, shown: true, stale: false, drawn: new Map() };
    this.#pages.push(page);
    this.#draw(page);
    this.#table.append(body);
    this.#near.observe(body);
  }

  #drop(page) {
    this.#near.unobserve(page.body);
    page.body.remove();
  }

  #show(body, shown) {
    const page = this.#pages.find((one) => one.body === body);
    if (!page || page.shown === shown) return;
    if (!shown && (body.contains(document.activeElement) || !page.rows.length)) return;
    page.shown = shown;
    if (shown) {
      this.#draw(page);
      if (page.stale) this.#refreshNear();
      return;
    }
    const space = h("tr", { "aria-hidden": "true", class: "space" }, h("td", { colspan: this.#options.columns }));
    space.firstChild.style.height = `${body.offsetHeight}px`;
    page.drawn.clear();
    body.replaceChildren(space);
  }

  #draw(page) {
    if (!page.shown) return;
    const { keyOf, rowOf } = this.#options;
    const drawn = new Map();
    const focused = document.activeElement;
    const held = page.body.contains(focused) ? { key: focused.closest("tr")?.dataset.key, act: focused.dataset.act } : null;
    const rows = page.rows.map((item) => {
      const key = String(keyOf(item));
      const text = JSON.stringify(item);
      const before = page.drawn.get(key);
      const node = before?.text === text ? before.node : rowOf(item);
      node.dataset.key = key;
      drawn.set(key, { text, node });
      return node;
    });
    page.drawn = drawn;
    rearrange(page.body, rows);
    if (held && !page.body.contains(document.activeElement)) {
      const row = drawn.get(held.key)?.node;
      const same = row?.querySelector(`[data-act="${held.act}"]`) ?? row?.querySelector(`[data-act="${SWAPS[held.act]}"]`);
      (same ?? row?.querySelector("a, button"))?.focus({ preventScroll: true });
    }
  }

  #settle() {
    const shown = this.#pages.reduce((sum, page) => sum + page.rows.length, 0);
    const more = Boolean(this.#pages.at(-1)?.next);
    this.#options.onCount?.(shown, more);
    this.#table.hidden = shown === 0;
    if (!shown) {
      this.#note(this.#options.empty());
    } else if (more) {
      this.#note(h("button", { type: "button", onclick: () => this.#more() }, "Load more"));
      // The observer speaks only when the foot comes or goes; it may have stayed in sight.
      this.#footSeen.unobserve(this.#foot);
      this.#footSeen.observe(this.#foot);
    } else {
      this.#note();
    }
  }

  #failed(error, again) {
    if (error.status === 401) return;
    this.#note(h("div", { class: "note bad" }, h("p", null, `This could not be loaded: ${error.message}`),
      h("button", { type: "button", onclick: again }, "Try again")));
    whisper(`This could not be loaded: ${error.message}`);
  }

  #note(...nodes) {
    const same = nodes.length === 1 && this.#foot.firstChild?.isEqualNode(nodes[0]) && nodes[0].tagName !== "DIV";
    if (!same) this.#foot.replaceChildren(...nodes);
  }
}

/** Makes `nodes` the children of `parent` and moves only those that are not where they belong. */
export function rearrange(parent, nodes) {
  let place = parent.firstChild;
  for (const node of nodes) {
    if (node === place) place = place.nextSibling;
    else parent.insertBefore(node, place);
  }
  while (place) {
    const gone = place;
    place = place.nextSibling;
    gone.remove();
  }
}
