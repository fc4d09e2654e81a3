// What is told of a job in lists and on its page.

import { bar, html, nothing, state } from "../common/parts.js";
import { isLive } from "./steering.js";

/** What a job is for: its tag; of an assembly, the names of its files. */
export const subject = (job) => job.tag.split("#").slice(job.tag.includes("#") ? 1 : 0).join(", ") || job.batch || null;

export const badge = (job) => (isLive(job) && job.held_at ? state("held") : isLive(job) && job.cancel_requested_at
  ? state("waiting", "being cancelled") : state(job.state));

/** How far a job is that says so. */
export function progress(job) {
  const meta = job.progress?.meta;
  if (!isLive(job) || !job.progress) return nothing;
  if (meta?.total > 0 && meta.current >= 0)
    return html`<div>${bar(meta.current / meta.total, `Progress of job ${job.id}`)} ${meta.current} of ${meta.total}</div>`;
  const word = meta?.tool ?? job.progress.state;
  return html`<div>${indefinite(job)} ${word}</div>`;
}

const indefinite = (job) => html`<progress aria-label=${`Progress of job ${job.id}`}></progress>`;

const ENDS = {
  ok: "It is complete.",
  tool: "The tools could not work with this input. The same input gives the same answer: correct it, and send that.",
  node_lost: "The node was lost, as often as it was tried. Send it again.",
  node_stopped: "Its node was stopped.",
  out_of_memory: "It needed more memory than it was given. Send it again with more, if a node has that.",
  time_limit: "It took longer than it was given. Send it again with a longer time limit.",
  disk_full: "There was no space left on the nodes. Tell an operator, then send it again.",
  node_broken: "A tool, the archive or the storage was not there. Tell an operator, then send it again.",
  cancelled: "It was cancelled.",
  poison: "It took one node after the other with it, and is not tried again. Tell an operator.",
  retry: "It asked to be run again.",
  internal: "Something is wrong with the system, and not with your data. Tell an operator the number of the job.",
};

/** How a job ended, in plain words. */
export const ending = (job) => (isLive(job) ? "" : job.state === "CANCELLED" ? ENDS.cancelled : ENDS[job.outcome] ?? "");
