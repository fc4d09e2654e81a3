// The user's jobs, live: the newest first, older ones by pages.

import { address, fields, get } from "../common/api.js";
import { badge, progress, subject } from "./job_parts.js";
import { follow } from "../common/live.js";
import { html, nothing, page, problem, table, time, told, user } from "../common/parts.js";
import { buttons, LIVE } from "./steering.js";

const FILTERS = [["", "All"], ["LIVE", "Waiting or running"], ["COMPLETE", "Complete"], ["FAILED", "Failed"], ["CANCELLED", "Cancelled"]];
const PAGE = 50;

const here = {
  state: new URLSearchParams(location.search).get("state") ?? "",
  /** number → job, of those that were told, whichever state they have now */
  jobs: new Map(),
  /** number of the oldest job that is listed; older ones come by `next` */
  oldest: 0, next: null, loaded: false,
  counts: null, live: null, refused: null,
};

const fits = (job) => !here.state || (here.state === "LIVE" ? LIVE.includes(job.state) : job.state === here.state);
const refuse = (refused) => { here.refused = refused; draw(); };

function merge(jobs) {
  for (const job of jobs) here.jobs.set(job.id, { ...here.jobs.get(job.id), ...job });
}

async function load(path) {
  const asked = here.state;
  try {
    const answer = await get(path);
    // the user has chosen another filter meanwhile
    if (asked !== here.state) return;
    merge(answer.jobs);
    here.next = answer.next;
    here.oldest = answer.next ? answer.jobs.at(-1).id : 0;
    here.loaded = true;
    here.refused = null;
  } catch (refused) {
    here.refused = refused;
  }
  draw();
}

function choose(state) {
  here.state = state;
  here.jobs.clear();
  here.loaded = false;
  history.replaceState(null, "", state ? `?state=${state}` : location.pathname);
  first();
}

const first = () => load(`/jobs${fields({ user, state: here.state, limit: PAGE })}`);

function draw() {
  const shown = [...here.jobs.values()].filter((job) => job.id >= here.oldest && fits(job)).sort((one, other) => other.id - one.id);
  page(html`
    <div class="row spread">
      <div><label for="state">Show</label><select id="state" @change=${(event) => choose(event.target.value)}>
        ${FILTERS.map(([state, label]) => html`<option value=${state} ?selected=${state === here.state}>${label}</option>`)}</select></div>
      <a class="button" href="/upload">Upload reads</a>
    </div>
    ${told(standing())}
    ${problem(here.refused)}
    ${here.loaded ? table("My jobs", columns, shown, here.state ? "No such job." : "No jobs yet: upload reads, and their assembly stands here.") : nothing}
    ${here.loaded && here.next ? html`<p><button @click=${() => load(address(here.next))}>Older jobs</button></p>` : nothing}`);
}

function standing() {
  const { counts } = here;
  const how = counts ? `${counts.WAITING} waiting, ${counts.ROUTED + counts.RUNNING} at work. ` : "";
  return how + { null: "", true: "This page is live.", false: "The line is cut: trying again …" }[here.live];
}

const columns = [
  ["Job", (job) => html`<a href=${`/jobs/${job.id}`}>${job.id}</a> <span class="quiet kept">${job.type || job.pipeline}</span>`],
  ["For", subject],
  ["State", badge],
  ["How it stands", (job) => html`${progress(job)}${LIVE.includes(job.state) ? job.why : job.message}`],
  ["Sent", (job) => time(job.sent_at)],
  ["Actions", (job) => buttons(job, first, refuse)],
];

draw();
first();
follow({ user: "me" }, (name, data) => {
  if (name === "jobs") {
    here.counts = data.live ?? null;
    merge(data.jobs);
  } else {
    merge([data]);
    recount();
  }
  draw();
}, (live) => { here.live = live; draw(); });

// a stream tells how many wait and run when it begins; after that the list of those that are shown says it
function recount() {
  if (!here.counts || here.state) return;
  if (here.next) return void (here.counts = null);
  for (const state of LIVE) here.counts[state] = [...here.jobs.values()].filter((job) => job.state === state).length;
}
