// What may be done with a job, and the question before it.

import { change } from "../common/api.js";
import { asked } from "../common/asking.js";
import { html, may, user } from "../common/parts.js";
import { again } from "./resending.js";

export const LIVE = ["WAITING", "ROUTED", "RUNNING"];
export const isLive = (job) => LIVE.includes(job.state);

const reason = html`<label for="reason">Reason</label><input id="reason" name="reason" maxlength="1000" placeholder="kept with the job">`;

const ACTIONS = {
  cancel: {
    label: "Cancel", suits: (job) => isLive(job) && !job.cancel_requested_at, danger: true, inside: reason,
    text: "Its tools end within seconds. What it has calculated so far is lost.", answer: "Cancel the job",
  },
  hold: {
    label: "Hold", suits: (job) => isLive(job) && !job.held_at, inside: reason,
    text: "It is not begun, nor tried again, until it is released. An attempt that runs goes on.", answer: "Hold the job",
  },
  release: { label: "Release", suits: (job) => isLive(job) && job.held_at, text: "It may begin again.", answer: "Release the job" },
};

/** Buttons for a job; `done(job number)` is called after a change, `refused(problem)` if there was none. */
export function buttons(job, done, refused) {
  if (!may("jobs:steer") || job.user_id !== user) return html``;
  const press = (work) => async () => {
    refused(null);
    try {
      await work();
    } catch (problem) {
      refused(problem);
    }
  };
  const fitting = Object.entries(ACTIONS).filter(([, action]) => action.suits(job));
  return html`<div class="row buttons">
    ${fitting.map(([name, action]) => html`<button class=${action.danger ? "danger" : ""} aria-label=${`${action.label} job ${job.id}`}
      @click=${press(() => act(name, action, job, done))}>${action.label}</button>`)}
    ${isLive(job) ? "" : html`<button aria-label=${`Send job ${job.id} again`} @click=${press(() => again(job, done))}>Send again</button>`}
  </div>`;
}

async function act(name, action, job, done) {
  const entered = await asked(`${action.label} job ${job.id}?`, action);
  if (!entered) return;
  const body = "reason" in entered && entered.reason.trim() ? { reason: entered.reason.trim() } : undefined;
  await change("POST", `/jobs/${job.id}/${name}`, body);
  done(job.id);
}
