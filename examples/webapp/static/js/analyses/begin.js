// Forms that begin something with chosen genomes: a locus search, an MS tree, an SNP project, a scheme's call.

import { change } from "../common/api.js";
import { attempt, html, nothing, number, problem, table } from "../common/parts.js";
import { callable, options, typing } from "../common/schemes.js";

const MOST_CALLS = 1000;
const MOST_SEARCHED = 5000;

/** kind → heading, how many genomes it takes at least, whether none means all, its schemes, its fields, and what is sent. */
const KINDS = {
  search: { heading: "Search a sequence", least: 1, fields: searchFields, send: sendSearch },
  tree: { heading: "MS tree", least: 2, ofAll: true, schemes: typing, fields: treeFields, send: sendTree },
  project: { heading: "SNP project", least: 4, fields: projectFields, send: sendProject },
  call: { heading: "Call a scheme", least: 1, schemes: callable, fields: callFields, send: sendCalls },
};

/**
 * Forms for genomes of a species. `about`: species, schemes, genomes [[barcode, strain] …]; `kinds` are those that are
 * offered; `show` shows the page again. Returns a function that makes the content.
 */
export function beginnings(about, kinds, show) {
  let opened = kinds.length === 1 ? kinds[0] : "", refused = null, sent = [];
  const tell = (found) => { refused = found; show(); };
  const open = (kind) => { opened = opened === kind ? "" : kind; refused = null; sent = []; show(); };
  const submit = attempt(async ({ target }) => {
    sent = await KINDS[opened].send(about(), Object.fromEntries(new FormData(target)));
    show();
  }, tell);
  return () => html`
    ${kinds.length > 1 ? html`<div class="row">${kinds.map((kind) => html`<button type="button"
      aria-expanded=${opened === kind} @click=${() => open(kind)}>${KINDS[kind].heading}</button>`)}</div>` : nothing}
    ${opened ? form(KINDS[opened], about(), submit) : nothing}
    ${problem(refused)}
    ${sent.length ? html`<p role="status">Sent:</p><ul>${sent.map(([href, words]) =>
      html`<li><a href=${href}>${words}</a></li>`)}</ul>` : nothing}`;
}

function form(kind, about, submit) {
  const few = about.genomes.length < kind.least && !(kind.ofAll && !about.genomes.length);
  const noScheme = kind.schemes && !kind.schemes(about.schemes).length;
  return html`<form class="form" aria-label=${kind.heading} @submit=${submit}>
    <h3 class="sub">${kind.heading}</h3>
    ${kind.fields(about)}
    ${few ? html`<p class="quiet">It takes ${kind.least} genomes at least; ${about.genomes.length} are chosen.</p>` : nothing}
    ${noScheme ? html`<p class="quiet">This species has no scheme for it.</p>` : nothing}
    <button class="main" type="submit" ?disabled=${few || noScheme}>Begin</button>
  </form>`;
}

const label = (name, words, field) => html`<div><label for="begin-${name}">${words}</label>${field}</div>`;
const text = (name, words, required = false) =>
  label(name, words, html`<input id="begin-${name}" name=${name} ?required=${required} maxlength="200">`);
const genomesOf = (about, first = nothing) => html`${first}${about.genomes.map(([barcode, strain]) =>
  html`<option value=${barcode}>${strain || barcode}${strain ? html` (${barcode})` : nothing}</option>`)}`;

function searchFields({ genomes }) {
  return html`${genomes.length > 1 ? html`<p>One table of ${number(genomes.length)} genomes, and a picture: which of them have it.</p>` : nothing}
    ${label("query", "Sequence (FASTA, or bases alone)", html`<textarea id="begin-query" name="query" rows="5"
      required spellcheck="false" autocapitalize="off"></textarea>`)}
    <div class="fields">
      ${text("name", "Name")}
      ${percent("min_identity", "Least identity, %", 90)} ${percent("min_coverage", "Least coverage of the sequence, %", 50)}
    </div>`;
}

const percent = (name, words, usual) => label(name, words, html`<input id="begin-${name}" name=${name} type="number" min="0"
  max="100" step="any" value=${usual} required>`);

/** In one genome with the loci that lie there, in several as one table. */
async function sendSearch({ species, genomes }, { query, name, min_identity, min_coverage }) {
  if (genomes.length > MOST_SEARCHED) throw new Error(`${number(MOST_SEARCHED)} genomes at a time: choose fewer.`);
  const barcodes = genomes.map(([barcode]) => barcode);
  const [path, where] = barcodes.length === 1 ? ["locus-search", { assembly: barcodes[0] }] : ["locus-table", { barcodes }];
  const limits = { min_identity: Number(min_identity), min_coverage: Number(min_coverage) };
  const answer = await change("POST", `/analyses/${path}`, { database: species, query, name, ...limits, ...where });
  location.assign(`/analyses/${answer.analysis}`);
  return [[`/analyses/${answer.analysis}`, `search in ${number(barcodes.length)} genomes`]];
}

function treeFields({ schemes, genomes }) {
  return html`<p>A tree of the allelic profiles of ${genomes.length ? `${number(genomes.length)} genomes` : "all assemblies in use: none is chosen"}.</p>
    <div class="fields">
    ${text("name", "Name")}
    ${label("scheme", "Scheme", html`<select id="begin-scheme" name="scheme">${options(typing(schemes))}</select>`)}
    ${label("method", "Method", html`<select id="begin-method" name="method">
      <option value="MSTreeV2">MSTreeV2 (minimum spanning tree)</option><option value="NJ">NJ (neighbour joining)</option>
    </select>`)}
  </div>`;
}

async function sendTree({ species, genomes }, { name, scheme, method }) {
  const barcodes = genomes.map(([barcode]) => barcode);
  const body = { database: species, scheme, method, name, ...(barcodes.length ? { barcodes } : {}) };
  const answer = await change("POST", "/analyses/ms-tree", body);
  location.assign(`/analyses/${answer.analysis}`);
  return [[`/analyses/${answer.analysis}`, "MS tree"]];
}

function projectFields(about) {
  return html`<p>SNPs of the genomes against one of them, and a tree.</p><div class="fields">
    ${text("name", "Name", true)}
    ${label("reference", "Reference", html`<select id="begin-reference" name="reference">${genomesOf(about)}</select>`)}
    ${label("outgroup", "Outgroup", html`<select id="begin-outgroup" name="outgroup">
      ${genomesOf(about, html`<option value="">none: the root is in the middle</option>`)}</select>`)}
  </div>`;
}

async function sendProject({ species, genomes }, { name, reference, outgroup }) {
  const assemblies = genomes.map(([barcode]) => barcode).filter((barcode) => barcode !== reference);
  const answer = await change("POST", "/projects", { database: species, name, reference, assemblies, outgroup });
  location.assign(`/projects/${answer.id}`);
  return [[`/projects/${answer.id}`, "SNP project"]];
}

function callFields({ schemes }) {
  return html`<div class="fields">${label("scheme", "Scheme",
    html`<select id="begin-scheme" name="scheme">${options(callable(schemes))}</select>`)}</div>`;
}

async function sendCalls({ species, genomes }, { scheme }) {
  if (genomes.length > MOST_CALLS) throw new Error(`${number(MOST_CALLS)} genomes at a time: choose fewer.`);
  const items = genomes.map(([assembly]) => ({ database: species, scheme, assembly }));
  const { jobs } = await change("POST", "/jobs", items);
  return jobs.map((one, at) => [`/jobs/${one.job}`,
    `job ${one.job}: ${scheme} on ${genomes[at][1] || genomes[at][0]}${one.cached ? ", which had the result already" : ""}`]);
}

/** The chosen genomes as a list from which each can be taken away. */
export function chosenList(chosen, show) {
  const drop = (barcode) => { chosen.set(barcode, "", false); show(); };
  return html`<details><summary>${number(chosen.size)} chosen</summary>
    ${table("Chosen genomes", [
      ["Strain", ([, strain]) => strain],
      ["Assembly", ([barcode]) => barcode],
      ["", ([barcode, strain]) => html`<button type="button" aria-label="Take away ${strain || barcode}"
        @click=${() => drop(barcode)}>Take away</button>`],
    ], chosen.all(), "No genome is chosen.")}
    <button type="button" ?disabled=${!chosen.size} @click=${() => { chosen.clear(); show(); }}>Take all away</button>
  </details>`;
}
