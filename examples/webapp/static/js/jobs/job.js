// One job, live: where it stands, its attempts, its log, what it found, what came of it.

import { address, get } from "../common/api.js";
import { came, files, result } from "./job_result.js";
import { badge, ending, progress, subject } from "./job_parts.js";
import { follow } from "../common/live.js";
import { followLog } from "./log.js";
import { about, facts, html, nothing, page, problem, size, time, told } from "../common/parts.js";
import { buttons, isLive } from "./steering.js";

const number = about.number;
/** why a job waits, and how those stand that follow, may change without news of this job */
const LOOK_MS = 5000;
const LONG = { year: 31_536_000, day: 86_400, hour: 3600, minute: 60, second: 1 };

const here = { job: null, files: [], log: "", live: null, refused: null };
const refuse = (refused) => { here.refused = refused; draw(); };

async function load() {
  const job = await get(`/jobs/${number}?estimate=true`);
  here.job = job;
  if (!isLive(job)) here.files = (await get(`/jobs/${number}/files`)).files;
  draw();
}

/** Load again when something has changed, and once more if that has changed meanwhile. */
let loading = null;
function reload() {
  loading = (loading ?? Promise.resolve()).then(load).catch(refuse);
}

function draw() {
  const { job } = here;
  if (!job) return page(problem(here.refused));
  page(html`
    <div class="row spread"><p>${badge(job)} <b>${job.type || job.pipeline}</b> ${subject(job)}</p>
      ${buttons(job, (changed) => (changed === number ? reload() : location.assign(`/jobs/${changed}`)), refuse)}</div>
    ${problem(here.refused)}
    ${!isLive(job) ? nothing : told({ null: "", true: "This page is live.", false: "The line is cut: trying again …" }[here.live])}
    ${isLive(job) ? waits(job) : html`<p>${ending(job)}</p>${job.message ? html`<p class="quiet">${job.message}</p>` : nothing}`}
    ${came(job)}
    ${result(job)}
    ${files(here.files)}
    ${attempts(job)}
    ${here.log ? html`<section><h2>Log</h2><pre class="log" id="log" tabindex="0" aria-label="Log">${here.log}</pre>
      <p><a href=${address(`/jobs/${number}/log`)}>The whole log of the last attempt</a></p></section>` : nothing}
    <section><h2>About the job</h2>${facts([
      ["Pipeline", `${job.pipeline} ${job.version}`], ["Species", job.database], ["Batch", job.batch], ["Priority", job.priority],
      ["Cores", job.cores], ["Memory", size(job.memory_bytes)], ["User", job.user_id], ["Workgroup", job.workgroup],
      ["Sent", time(job.sent_at)], ["Begun", job.started_at && time(job.started_at)], ["Ended", job.finished_at && time(job.finished_at)],
    ])}</section>`);
  scrollDown();
}

function waits(job) {
  const { estimate } = job;
  return html`<p>${job.why}</p>${progress(job)}
    ${estimate ? html`<p>${begins(job, estimate.starts_in_s)}
      ${estimate.own_ahead ? ` ${estimate.own_ahead} of your jobs come before.` : nothing}
      ${estimate.owners_ahead ? ` ${estimate.owners_ahead} other users come before.` : nothing}</p>
      ${lacking(estimate.nodes)}` : nothing}`;
}

function begins(job, startsInS) {
  const leastS = (new Date(job.available_at) - Date.now()) / 1000;
  if (job.held_at) return "It begins after its release.";
  if (leastS > 0) return `It begins in ${duration(leastS)} at the earliest.`;
  if (startsInS === null) return "Nobody can say when it begins.";
  return startsInS < 1 ? "It begins at once." : `It begins in about ${duration(startsInS)}.`;
}

function lacking(nodes) {
  const lacks = Object.entries(nodes).filter(([, why]) => why);
  return lacks.length ? html`<ul class="quiet">${lacks.map(([node, why]) => html`<li>${node}: ${why}</li>`)}</ul>` : nothing;
}

function attempts(job) {
  if (!job.attempts.length) return nothing;
  return html`<section><h2>Attempts</h2><ol class="line">${job.attempts.map((one) => html`<li>
    <b>Attempt ${one.number}</b> on ${one.node} <span class="quiet">(${one.reason})</span>
    <div>${one.started_at ? html`${time(one.started_at)} – ${one.ended_at ? time(one.ended_at) : "now"}` : "not yet begun"}
      ${one.started_at && one.ended_at ? html`<span>, ${duration((new Date(one.ended_at) - new Date(one.started_at)) / 1000)}</span>` : nothing}
      ${one.usage?.peak_memory_bytes ? html`, at most ${size(one.usage.peak_memory_bytes)} of memory` : nothing}</div>
    ${one.outcome ? html`<div>${one.outcome.replaceAll("_", " ")}${one.message ? `: ${one.message}` : nothing}</div>` : nothing}</li>`)}</ol></section>`;
}

/** Seconds as people say it: in one unit. */
function duration(seconds) {
  const [unit, long] = Object.entries(LONG).find(([, long]) => seconds >= long) ?? ["second", 1];
  return new Intl.NumberFormat("en", { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 }).format(seconds / long);
}

// stays at the end of the log if that is where the reader is
let atEnd = true;
function scrollDown() {
  const log = document.getElementById("log");
  if (!log) return;
  log.onscroll = () => { atEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 20; };
  if (atEnd) log.scrollTop = log.scrollHeight;
}

try {
  await load();
  followLog(number, (text) => { here.log = text; draw(); }, new AbortController().signal);
  let before = "";
  follow({ job: number }, (_, job) => {
    here.job = { ...here.job, ...job };
    const now = [job.state, job.attempt, job.held_at, job.cancel_requested_at].join();
    if (now !== before) reload();
    before = now;
    draw();
  }, (live) => { here.live = live; draw(); });
  setInterval(() => {
    if (here.job.state === "WAITING" || here.job.followers.some(isLive)) reload();
  }, LOOK_MS);
} catch (refused) {
  refuse(refused);
}
