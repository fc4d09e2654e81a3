// What a job found, its files, and where it leads.

import { facts, html, nothing, number, size, state, table } from "../common/parts.js";

/** Where a job leads: its assembly, analysis or project, the job that it repeats, and those that followed. */
export function came(job) {
  const links = [
    job.assembly && ["Assembly", `/genomes/${encodeURIComponent(job.database)}/${encodeURIComponent(job.assembly)}`, job.assembly],
    job.analysis && ["Analysis", `/analyses/${job.analysis}`, job.analysis],
    job.project && ["SNP project", `/projects/${job.project}`, job.project],
    job.resent_from && ["Sent again from", `/jobs/${job.resent_from}`, `job ${job.resent_from}`],
  ].filter(Boolean);
  if (!links.length && !job.followers.length) return nothing;
  return html`<section><h2>What came of it</h2>
    ${facts(links.map(([name, path, text]) => [name, html`<a href=${path}>${text}</a>`]))}
    ${job.followers.length ? table("Jobs that followed", [
      ["Job", (one) => html`<a href=${`/jobs/${one.job}`}>${one.job}</a>`],
      ["What", (one) => one.type || one.pipeline],
      ["State", (one) => state(one.state)],
    ], job.followers) : nothing}</section>`;
}

/** What a job found: an assembly's measures, else its single values; all of it as it came. */
export function result(job) {
  const found = job.result?.results;
  if (!found || job.state !== "COMPLETE") return nothing;
  const plain = found.qa ? [] : Object.entries(found).filter(([, value]) => value === null || typeof value !== "object");
  return html`<section><h2>Result</h2>
    ${found.qa ? html`<p>QA: ${state(found.qa.verdict === "pass" ? "passed" : "failed")}</p>
      ${table("QA", [
        ["Measure", (one) => one.measure],
        ["Value", (one) => `${typeof one.value === "number" ? number(one.value) : one.value ?? "–"} ${one.unit}`],
        ["Limit", (one) => one.limit],
        ["Passed", (one) => (one.passed === null ? "not measured" : one.passed ? "yes" : state("failed", "no"))],
      ], found.qa.measures)}` : nothing}
    ${facts(plain.map(([name, value]) => [name, String(value ?? "–")]))}
    <details><summary>All of it</summary><pre class="log" tabindex="0">${JSON.stringify(found, null, 2)}</pre></details></section>`;
}

/** The files that a job has written. */
export function files(list) {
  if (!list.length) return nothing;
  return html`<section><h2>Files</h2><ul class="files">${list.map((one) => html`<li>
    ${one.bytes === null ? html`${one.file} <span class="quiet">is not there any more</span>`
      : html`<a href=${one.url} download=${one.file}>${one.file}</a> <span class="quiet">${size(one.bytes)}</span>`}</li>`)}</ul></section>`;
}
