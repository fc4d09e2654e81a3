// The log of a job, followed: what is there, then what comes, across attempts, until all is told.

import { address } from "../common/api.js";

/** bytes of the end that are shown of a log that is long already */
const END = 64 * 1024;
/** characters that are kept on the page */
const KEPT = 500_000;
const AGAIN_MS = 3000;

/** Call `show(text, attempt)` with the end of the log whenever more of it is there; returns at its end, or as `signal` says. */
export async function followLog(number, show, signal) {
  let text = "";
  let path = `/jobs/${number}/log?after=0&wait=20`;
  const begun = await fetch(address(`/jobs/${number}/log`), { headers: { Range: `bytes=-${END}` }, signal }).catch(() => null);
  if (begun?.status === 206) {
    const [, from, , length] = /bytes (\d+)-(\d+)\/(\d+)/.exec(begun.headers.get("Content-Range"));
    const end = await begun.text();
    text = from === "0" ? end : `… the whole log is a link away\n${end.slice(end.indexOf("\n") + 1)}`;
    path = `/jobs/${number}/log?after=${length}&wait=20`;
    show(text);
  }
  while (path && !signal.aborted) {
    try {
      const answer = await fetch(address(path), { signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const more = await answer.text();
      if (more) show(text = (text + more).slice(-KEPT));
      const next = following(answer.headers.get("Link"));
      if (next && attemptOf(next) !== attemptOf(path) && attemptOf(path)) text += `\n— attempt ${attemptOf(next)} —\n`;
      path = next;
    } catch {
      // the server, or the network, is away for a while
      await new Promise((go) => setTimeout(go, AGAIN_MS));
    }
  }
}

const following = (link) => /<([^>]+)>; rel="next"/.exec(link ?? "")?.[1] ?? null;
const attemptOf = (path) => new URLSearchParams(path.split("?")[1]).get("attempt");
