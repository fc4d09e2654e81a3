// Streams of events: how a job, a batch, or all jobs of the user stand, as it changes.

import { change, get } from "./api.js";
import { user } from "./parts.js";

const AGAIN_MS = 3000;
const POLL_MS = 3000;

/**
 * Follow {job: 4711}, {batch: "name"} or {user: "me"} until it is over: `show(name, data)` is called with each event.
 * `standing(true)` is called while events come, and `standing(false)` after a cut. Returns when nothing more will come.
 */
export async function follow(query, show, standing = () => {}) {
  let last = "";
  for (;;) {
    try {
      const { url, ticket } = await change("POST", "/events/tickets");
      const asked = new URLSearchParams({ ...query, ticket, last_event_id: last });
      const over = await read(new EventSource(`${url}?${asked}`), show, standing, (id) => { last = id; });
      if (over) return;
    } catch (problem) {
      // this server has no streams: it was not told where they are
      if (problem.status === 404) return poll(query, show);
    }
    standing(false);
    await new Promise((go) => setTimeout(go, AGAIN_MS));
  }
}

function read(source, show, standing, remember) {
  return new Promise((done) => {
    const close = (over) => { source.close(); done(over); };
    source.onopen = () => standing(true);
    source.onerror = () => close(false);
    source.addEventListener("end", (event) => close(JSON.parse(event.data).reason !== "token"));
    for (const name of ["job", "jobs", "batch"])
      source.addEventListener(name, (event) => {
        remember(event.lastEventId);
        show(name, JSON.parse(event.data));
      });
  });
}

async function poll(query, show) {
  const over = (job) => ["COMPLETE", "FAILED", "CANCELLED"].includes(job.state);
  for (;;) {
    if (query.job) {
      const job = await get(`/jobs/${query.job}`);
      show("job", job);
      if (over(job)) return;
    } else {
      show("jobs", await get(`/jobs?user=${user}&limit=100`));
    }
    await new Promise((go) => setTimeout(go, POLL_MS));
  }
}
