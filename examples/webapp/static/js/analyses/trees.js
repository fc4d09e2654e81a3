// The user's analyses and SNP projects, live, and forms that begin an MS tree or an SNP project.

import { fields, get } from "../common/api.js";
import { beginnings, chosenList } from "./begin.js";
import { chosenOf } from "../common/chosen.js";
import { follow } from "../common/live.js";
import { html, may, nothing, number, page, problem, state, table, time } from "../common/parts.js";
import { lacks } from "../common/rights.js";
import { soon } from "../common/soon.js";

const SIZE = 20;
const TYPES = { ms_tree: "MS tree", locus_search: "Locus search", locus_table: "Search in many genomes" };
const KINDS = ["analyses", "projects"];
const view = { all: [], species: "", schemes: [], analyses: [], projects: [], next: {}, pages: { analyses: 1, projects: 1 },
  refused: null };
let chosen, forms;
const again = soon(load);

async function begin() {
  const missing = lacks("jobs:read", "see analyses and SNP projects");
  if (missing) return page(missing);
  try {
    if (may("species:read")) view.all = (await get("/species")).species;
    if (view.all.length) await choose(view.all[0].name);
  } catch (refused) {
    view.refused = refused;
  }
  await load();
  follow({ user: "me" }, again);
}

async function choose(species) {
  view.species = species;
  chosen = chosenOf(species);
  view.schemes = (await get(`/species/${encodeURIComponent(species)}/schemes`)).schemes;
  forms = beginnings(() => ({ species, schemes: view.schemes, genomes: chosen.all() }), ["tree", "project"], show);
}

async function load() {
  try {
    for (const kind of KINDS) await loadAll(kind);
    view.refused = null;
  } catch (refused) {
    view.refused = refused;
  }
  show();
}

/** As many pages as are shown, from the newest: so what has changed is seen, and nothing twice. */
async function loadAll(kind) {
  const found = await get(`/${kind}${fields({ limit: SIZE * view.pages[kind] })}`);
  view[kind] = found[kind];
  view.next[kind] = found.next;
}

function more(kind) {
  view.pages[kind]++;
  load();
}

function show() {
  page(html`${problem(view.refused)}
    <h2>SNP projects</h2> ${projects()} ${moreOf("projects")}
    <h2>MS trees and searches</h2> ${analyses()} ${moreOf("analyses")}
    <h2>Begin one</h2> ${beginOne()}`);
}

const moreOf = (kind) => (view.next[kind] ? html`<button type="button" @click=${() => more(kind)}>Older ones</button>` : nothing);

const projects = () => table("SNP projects", [
  ["Name", (one) => html`<a href="/projects/${one.id}">${one.name}</a>`],
  ["State", (one) => state(one.state === "live" ? "running" : one.state, one.state)],
  ["Species", (one) => one.species],
  ["Genomes", (one) => number(one.taxa)],
  ["SNPs", (one) => (one.snps === null ? null : number(one.snps))],
  ["Begun", (one) => time(one.created)],
], view.projects, "You have none yet.");

const analyses = () => table("MS trees and searches", [
  ["Name", (one) => html`<a href="/analyses/${one.id}">${one.name === one.type ? `number ${one.id}` : one.name}</a>`],
  ["What", (one) => TYPES[one.type] ?? one.type],
  ["State", (one) => html`${state(one.state === "queued" ? "waiting" : one.state, one.state)}
    ${one.error ? html` <span class="quiet">${one.error}</span>` : nothing}`],
  ["Species", (one) => one.species],
  ["Begun", (one) => time(one.created)],
], view.analyses, "You have none yet.");

function beginOne() {
  const missing = lacks("species:read", "see genomes, of which trees are made") ?? lacks("jobs:send", "begin one");
  if (missing) return missing;
  if (!forms) return html`<p class="quiet">There is no species yet.</p>`;
  return html`
    ${view.all.length < 2 ? nothing : html`<div class="row"><div><label for="species">Species</label>
      <select id="species" @change=${({ target }) => choose(target.value).catch((refused) => { view.refused = refused; }).then(show)}>${view.all.map((one) =>
        html`<option value=${one.name} ?selected=${one.name === view.species}>${one.label}</option>`)}</select></div></div>`}
    <p>Choose genomes <a href="/genomes/${view.species}">in their table</a>; they stay chosen while you turn pages.</p>
    ${chosenList(chosen, show)} ${forms()}`;
}

begin();
