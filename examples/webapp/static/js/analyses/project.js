// One SNP project, live: its steps, counts, matrix as a table and a picture, tree, files.

import { address, change, get } from "../common/api.js";
import { downloads, picture, wide } from "../common/files.js";
import { follow } from "../common/live.js";
import { about, attempt, facts, html, may, nothing, number, page, problem, state, table, time } from "../common/parts.js";
import { lacks } from "../common/rights.js";

const STEPS = { ref_masker: "Repeats of the reference", ref_mapper: "Genomes mapped to it",
  ref_mapper_matrix: "Matrix of SNPs", matrix_phylogeny: "Tree" };
const FILES = { matrix: "SNP matrix", snp_fasta: "SNPs as FASTA", data_file: "Distances (TSV)", raxml_tree: "Tree (Newick)",
  distances_png: "Picture of distances (PNG)", distances_svg: "Picture of distances (SVG)", tree_png: "Picture of the tree (PNG)",
  tree_svg: "Picture of the tree (SVG)" };
const AGAIN_MS = 2000;
/** larger ones are in the file only */
const MOST_CELLS = 10_000;
const view = { project: null, job: null, distances: null, refused: null };

async function begin() {
  const missing = lacks("jobs:read", "see SNP projects");
  if (missing) return page(missing);
  await load();
  while (view.project?.state === "live") {
    const step = view.project.steps.find((one) => one.tag === "queued" && one.job);
    if (step) await follow({ job: step.job }, (name, job) => { view.job = job; show(); });
    // the next step is sent when the former one's result has been written
    await new Promise((go) => setTimeout(go, AGAIN_MS));
    await load();
  }
}

async function load() {
  try {
    view.project = await get(`/projects/${about.number}`);
    view.refused = null;
    await loadDistances();
  } catch (refused) {
    view.refused = refused;
  }
  show();
}

async function loadDistances() {
  const file = view.project.files.find((one) => one.name === "data_file" && one.bytes !== null);
  if (!file || view.project.taxa ** 2 > MOST_CELLS) return;
  const answer = await fetch(address(file.url));
  if (!answer.ok) return;
  const lines = (await answer.text()).split("\n").filter(Boolean).map((line) => line.split("\t"));
  view.distances = { names: lines[0].slice(1).map(labelOf), rows: lines.slice(1) };
}

const resume = attempt(
  async () => {
    view.project = await change("POST", `/projects/${about.number}/resume`);
    begin();
  },
  (refused) => { view.refused = refused; show(); },
);

const labelOf = (barcode) => view.project.labels[barcode] ?? barcode;

function show() {
  const { project } = view;
  if (!project) return page(problem(view.refused));
  page(html`${problem(view.refused)}
    <p role="status">${state(project.state === "live" ? "running" : project.state, project.state)} <b>${project.name}</b>
      ${project.state === "live" && view.job?.why ? html`(${view.job.why})` : nothing}</p>
    ${project.state === "failed" ? failed() : nothing}
    ${facts([
      ["Species", project.species],
      ["Reference", html`<a href="/genomes/${project.species}/${project.reference}">${labelOf(project.reference)}</a>`],
      ["Genomes", number(project.taxa)],
      ["Core sites", project.core_sites === null ? "" : number(project.core_sites)],
      ["SNPs", project.snps === null ? "" : number(project.snps)],
      ["Begun", time(project.created)],
    ])}
    ${pictures()} ${distances()}
    <h2>Steps</h2> ${steps()}
    <h2>Genomes</h2> ${genomes()}
    <h2>Files</h2> ${downloads(project.files, FILES)}`);
}

const failed = () => html`<div class="problem"><p>${STEPS[view.project.failed_step] ?? "It"} failed: ${view.project.error}</p></div>
  ${may("jobs:steer") ? html`<button type="button" class="main" @click=${resume}>Go on where it failed</button>` : nothing}`;

function pictures() {
  const { files, name, taxa, snps } = view.project;
  const tree = picture(files, "tree_svg", `Tree of the SNP project “${name}”: ${number(taxa)} genomes, ${number(snps ?? 0)} SNPs.`);
  const heat = picture(files, "distances_svg", `How many SNPs lie between any two of ${number(taxa)} genomes, as colours${
    view.distances ? "; the numbers are in the table below" : ""}.`);
  return html`${tree === nothing ? nothing : html`<h2>Tree</h2>${tree}`}
    ${heat === nothing ? nothing : html`<h2>Distances</h2>${heat}`}`;
}

function distances() {
  if (!view.distances) return nothing;
  return wide("SNPs between genomes", html`<table class="matrix">
    <caption class="hidden">SNPs between any two genomes</caption>
    <thead><tr><td></td>${view.distances.names.map((name) => html`<th scope="col" class="figure">${name}</th>`)}</tr></thead>
    <tbody>${view.distances.rows.map(([name, ...counts]) => html`<tr><th scope="row">${labelOf(name)}</th>${counts.map((count) =>
      html`<td class="figure">${number(count)}</td>`)}</tr>`)}</tbody>
  </table>`);
}

const WORDS = { not_sent: "not yet", queued: "under way", complete: "complete" };
const steps = () => table("Steps", [
  ["Step", (one) => STEPS[one.step] ?? one.step],
  ["State", (one) => (one.step === view.project.failed_step ? state("failed")
    : state(one.tag === "queued" ? one.state ?? "queued" : one.tag, one.tag === "queued" && one.state || WORDS[one.tag] || one.tag))],
  ["Job", (one) => one.job && html`<a href="/jobs/${one.job}">${one.job}</a>`],
], view.project.steps);

const genomes = () => table("Genomes", [
  ["Strain", (barcode) => labelOf(barcode)],
  ["Assembly", (barcode) => html`<a href="/genomes/${view.project.species}/${barcode}">${barcode}</a>`],
  ["SNPs to the reference", (barcode) => (view.project.snp_count[barcode] === undefined ? null
    : number(view.project.snp_count[barcode]))],
], view.project.assemblies);

begin();
