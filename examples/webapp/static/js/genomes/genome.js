// One assembly: its statistics and QA, what each scheme found, where loci lie, its files and jobs.

import { fields, get } from "../common/api.js";
import { beginnings } from "../analyses/begin.js";
import { chosenOf } from "../common/chosen.js";
import { downloads } from "../common/files.js";
import { speciesCheck } from "./genome_columns.js";
import { follow } from "../common/live.js";
import { locusSearch } from "./loci.js";
import { about, facts, html, may, nothing, number, page, problem, state, table, time, told } from "../common/parts.js";
import { lacks } from "../common/rights.js";
import { callable, finding, forPeople } from "../common/schemes.js";
import { soon } from "../common/soon.js";

const { species, barcode } = about;
const path = `/species/${encodeURIComponent(species)}/assemblies/${encodeURIComponent(barcode)}`;
const view = { genome: null, schemes: [], columns: [], jobs: [], refused: null, said: "" };
const chosen = chosenOf(species);
const again = soon(load);

const strainName = () => view.genome.strains.map((one) => one.strain).join(", ");
const forms = beginnings(() => ({ species, schemes: view.schemes, genomes: [[barcode, strainName()]] }),
  ["search", "call"], () => show());
const loci = locusSearch(path, () => typed(), () => show());

async function begin() {
  const missing = lacks("species:read", "see genomes");
  if (missing) return page(missing);
  try {
    view.schemes = (await get(`/species/${encodeURIComponent(species)}/schemes`)).schemes;
    // the columns of the table of results have the loci of each scheme in its order
    view.columns = (await get(`/species/${encodeURIComponent(species)}/results?limit=1`)).columns;
  } catch (refused) {
    view.refused = refused;
  }
  await load();
  // one stream for all: a browser has six connections to a host
  if (may("jobs:read")) follow({ user: "me" }, (name, found) => isOurs(name, found) && again());
}

const isOurs = (name, found) => (name === "job" ? found.tag === barcode : view.jobs.some((job) => !job.finished_at));

async function load() {
  try {
    view.genome = await get(path);
    view.jobs = may("jobs:read") ? (await get(`/jobs${fields({ database: species, tag: barcode, limit: 50 })}`)).jobs : [];
    view.refused = null;
  } catch (refused) {
    view.refused = refused;
  }
  const live = view.jobs.filter((job) => !job.finished_at).length;
  view.said = live ? `${live} of your jobs of this assembly are not over yet.` : "";
  show();
}

/** Schemes that gave alleles here, of which loci can be looked up. */
const typed = () => view.genome.schemes.filter((one) => one.results.alleles);

function show() {
  if (!view.genome) return page(problem(view.refused));
  page(html`${problem(view.refused)} ${head()} ${told(view.said)}
    <h2>Quality</h2> ${quality()}
    <h2>What the schemes found</h2> ${schemes()}
    ${typed().length ? html`<h2>Where a locus lies</h2> ${loci()}` : nothing}
    <h2>Files</h2> ${files()}
    <h2>Begin something</h2> ${lacks("jobs:send", "begin anything") ?? forms()}
    <h2>Your jobs of this assembly</h2> ${lacks("jobs:read", "see jobs") ?? jobs()}`);
}

function head() {
  const { genome } = view;
  const gc = genome.statistics?.gc_share;
  return html`${facts([
    ["Strain", strainName()],
    ["In use", genome.strains.some((one) => one.in_use) ? "yes" : "no"],
    ["Size", genome.total_length && `${number(genome.total_length)} bp`],
    ["N50", genome.n50 && `${number(genome.n50)} bp`],
    ["Contigs", genome.contig_number && number(genome.contig_number)],
    ["Coverage", genome.coverage && `${genome.coverage.toFixed(1)} ×`],
    ["N", genome.low_qualities === null ? "" : percent(genome.low_qualities)],
    ["G and C", gc && percent(gc)],
    ["Species check", genome.top_species && speciesCheck(genome.top_species)],
    ["Made", time(genome.created_at)],
    ["By", genome.job_id ? html`<a href="/jobs/${genome.job_id}">job ${genome.job_id}</a>, QAssembly ${genome.pipeline_version}`
      : "brought in as it is"],
    ["Outdated", genome.outdated],
  ])}
  <label class="choice"><input type="checkbox" .checked=${chosen.has(barcode)}
    @change=${({ target }) => chosen.set(barcode, strainName(), target.checked)}> chosen for trees and searches</label>
  <p><a href="/genomes/${species}">All genomes of the species</a></p>`;
}

const percent = (share) => `${(100 * share).toFixed(2)} %`;

function quality() {
  const { qa } = view.genome;
  if (!qa) return html`<p>${state(view.genome.status)} It was not judged yet.</p>`;
  const passed = qa.verdict === "pass";
  return html`<p>${state(passed ? "passed" : "failed")}
      ${passed ? "Every measure is within its limit." : `Outside of its limit: ${qa.failed.join(", ")}.`}</p>
    ${table("Measures of the QA", [
      ["Measure", (one) => one.measure],
      ["Value", (one) => `${typeof one.value === "number" ? one.value.toLocaleString("en") : one.value ?? "–"} ${one.unit}`],
      ["Limit", (one) => `${one.limit} ${one.unit}`],
      ["", (one) => (one.passed === null ? "not judged" : state(one.passed ? "passed" : "failed"))],
    ], qa.measures)}`;
}

function schemes() {
  const called = forPeople(view.genome.schemes);
  const there = new Set(called.map((one) => one.scheme));
  const never = callable(view.schemes).filter((one) => !there.has(one.description));
  return html`${called.map((one) => finding(one, view.columns))}
    ${called.length ? nothing : html`<p class="quiet">No scheme was called on it${view.genome.qa?.verdict === "fail"
      ? ", since it failed the QA" : ""}.</p>`}
    ${never.length ? html`<p class="quiet">Never called: ${never.map((one) => one.label).join(", ")}.</p>` : nothing}`;
}

function files() {
  const gff = typed().map((one) => html`<li><a href="/api/v1.0${path}/schemes/${encodeURIComponent(one.scheme)}/gff"
    download="${barcode}.${one.scheme}.gff">Loci of ${one.label} (GFF)</a></li>`);
  return html`${downloads(view.genome.files, { assembly: "Assembly (FASTA)" })}
    ${gff.length ? html`<ul class="saved">${gff}</ul>` : nothing}`;
}

const jobs = () => table("Jobs", [
  ["Job", (one) => html`<a href="/jobs/${one.id}">${one.id}</a>`],
  ["What", (one) => one.type],
  ["State", (one) => state(one.state)],
  ["Why", (one) => one.why || one.message],
  ["Sent", (one) => time(one.sent_at)],
], view.jobs, "You have sent none.");

begin();
