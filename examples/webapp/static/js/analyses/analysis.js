// One analysis, live: a locus search with its hits, a table of many genomes or an MS tree with its picture.

import { change, get } from "../common/api.js";
import { downloads, picture, wide } from "../common/files.js";
import { follow } from "../common/live.js";
import { about, attempt, facts, html, may, nothing, number, page, problem, state, table, time } from "../common/parts.js";
import { ofPresence, presence } from "./presence.js";
import { lacks } from "../common/rights.js";

const WORDS = { ms_tree: "MS tree", locus_search: "Locus search", locus_table: "Search in many genomes" };
const FILES = { nwk: "Tree (Newick)", svg: "Picture (SVG)", png: "Picture (PNG)", json: "The same for programs (JSON)",
  hits_file: "Hits as a table (TSV)", table: "Table (TSV)", hits: "All hits with their places (TSV)" };
/** type → its facts, and what it has found */
const KINDS = { ms_tree: [({ data }) => ofTree(data), tree], locus_table: [ofPresence, presence], locus_search: [ofSearch, hits] };
const MOST_HITS = 200;
const view = { found: null, job: null, refused: null };

async function begin() {
  const missing = lacks("jobs:read", "see analyses");
  if (missing) return page(missing);
  await load();
  if (view.found?.state !== "queued" || !view.found.job) return;
  await follow({ job: view.found.job }, (name, job) => { view.job = job; show(); });
  await load();
}

async function load() {
  try {
    view.found = await get(`/analyses/${about.number}`);
    view.refused = null;
  } catch (refused) {
    view.refused = refused;
  }
  show();
}

const cancel = attempt(
  async () => { await change("POST", `/jobs/${view.found.job}/cancel`, { reason: "cancelled on its page" }); },
  (refused) => { view.refused = refused; show(); },
);

function show() {
  const { found, job } = view;
  if (!found) return page(problem(view.refused));
  const live = found.state === "queued";
  page(html`${problem(view.refused)}
    <p role="status">${state(live ? job?.state ?? "queued" : found.state)} ${WORDS[found.type] ?? found.type}
      ${found.name === found.type ? nothing : html`<b>${found.name}</b>`} ${live && job?.why ? html`(${job.why})` : nothing}</p>
    ${found.error ? html`<div class="problem"><p>${found.error}</p></div>` : nothing}
    ${live && may("jobs:steer") ? html`<button type="button" class="danger" @click=${cancel}>Cancel</button>` : nothing}
    ${facts([...shared(found), ...KINDS[found.type][0](found)])}
    ${KINDS[found.type][1](found)}
    ${live ? nothing : html`<h2>Files</h2>${downloads(found.files, FILES)}`}`);
}

const shared = (found) => [
  ["Job", found.job && html`<a href="/jobs/${found.job}">${found.job}</a>`],
  ["Species", found.species],
  ["Begun", time(found.created)],
];

const ofTree = (data) => [
  ["Scheme", data.scheme],
  ["Method", data.method],
  ["Genomes", number(data.assemblies)],
  ["Loci", data.loci],
  ["Different profiles", data.different_profiles],
  ["All branches, alleles", data.total_length === undefined ? "" : number(data.total_length)],
  ["Longest branch, alleles", data.longest_edge === undefined ? "" : number(data.longest_edge)],
  ["Missing alleles", data.missing_alleles],
];

function ofSearch({ species, data }) {
  return [
    ["Assembly", html`<a href="/genomes/${species}/${data.assembly_barcode}">${data.assembly_barcode}</a>`],
    ["Sequences", data.query_names?.filter(Boolean).join(", ")],
    ["Bases", data.query_bases && number(data.query_bases)],
    ["Least identity", `${data.min_identity} %`],
    ["Least coverage", `${data.min_coverage} %`],
    ["Hits", data.hit_count],
  ];
}

function tree({ files, data, name, type }) {
  return picture(files, "svg",
    `${data.method} tree ${name === type ? "" : `“${name}” `}of ${number(data.assemblies)} genomes by ${data.scheme}: ` +
    `${number(data.different_profiles ?? 0)} different profiles; branches are numbers of alleles that differ.`);
}

function hits({ data }) {
  if (!data.hits) return nothing;
  const shown = data.hits.slice(0, MOST_HITS);
  return html`<h2>Hits</h2>
    ${wide("Hits", table("Hits", COLUMNS, shown, "Nothing in the assembly is like this sequence."))}
    ${data.hits.length > shown.length ? html`<p class="quiet">The best ${number(shown.length)} of ${number(data.hits.length)};
      the file has all.</p>` : nothing}`;
}

const COLUMNS = [
  ["Loci", (hit) => hit.loci.map((one) => html`<div>${one.locus} <b>${one.allele ?? "new"}</b>
    <span class="quiet">${one.scheme}, ${percent(one.share)} of it</span></div>`)],
  ["Sequence", (hit) => hit.query],
  ["Contig", (hit) => hit.contig],
  ["From", (hit) => number(hit.start)],
  ["To", (hit) => number(hit.end)],
  ["Strand", (hit) => hit.strand],
  ["Identity", (hit) => percent(hit.identity)],
  ["Coverage", (hit) => percent(hit.coverage)],
  ["E-value", (hit) => hit.evalue],
];

const percent = (share) => `${(100 * share).toFixed(1)} %`;

begin();
