// Asks the server to change something, and shows that it is being done, that it was, or why not.

import { post } from "./api.js";
import { confirm, h, icon, tell, warn } from "./dom.js";

const VERBS = {
  trigger: { path: "api/jobs/trigger", label: "Run now", done: (name) => `${name} was told to run`, failed: (name) => `${name} was not run` },
  pause: { path: "api/jobs/pause", label: "Pause", done: (name) => `${name} is paused`, failed: (name) => `${name} was not paused` },
  resume: { path: "api/jobs/resume", label: "Resume", done: (name) => `${name} goes on`, failed: (name) => `${name} was not resumed` },
};

/** A button that does `verb` to the job; `after` is called when it is done. */
export function jobButton(verb, name, after, { small = false } = {}) {
  const { path, label, done, failed } = VERBS[verb];
  const title = `${label}: ${name}`;
  return actionButton({ verb, label, title, small }, async () => {
    try {
      await post(path, { name });
    } catch (error) {
      warn(`${failed(name)}: ${error.message}`);
      return;
    }
    tell(done(name));
    after(name);
  });
}

/** A button that cancels the run, after asking. */
export function cancelButton(run, after, { small = false } = {}) {
  return actionButton({ verb: "cancel", label: "Cancel", title: `Cancel: ${run.name}`, small }, async () => {
    const sure = await confirm({
      title: "Cancel this run?",
      text: `${run.name} is ${run.state === "running" ? "running" : "waiting to run"}. A cancelled run is not tried again.`,
      yes: "Cancel the run",
    });
    if (!sure) return;
    try {
      await post("api/runs/cancel", { id: run.id });
    } catch (error) {
      warn(`The run of ${run.name} was not cancelled: ${error.message}`);
      return;
    }
    tell(`The run of ${run.name} is cancelled`);
    after(run.name);
  });
}

// While it is busy the button keeps the focus, so it says that it is disabled but is not.
function actionButton({ verb, label, title, small }, work) {
  const button = h("button", {
    type: "button", class: small ? "quiet square" : verb === "cancel" ? "danger" : null, data: { act: verb },
    title, "aria-label": title,
    async onclick() {
      if (button.getAttribute("aria-disabled")) return;
      button.setAttribute("aria-disabled", "true");
      button.classList.add("busy");
      try {
        await work();
      } finally {
        button.removeAttribute("aria-disabled");
        button.classList.remove("busy");
      }
    },
  }, icon(verb), small ? h("span", { class: "word" }, label) : label);
  return button;
}
