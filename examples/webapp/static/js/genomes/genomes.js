// The genomes of a species as a table, the newest first: what the API's table of results has, by pages.

import { address, get } from "../common/api.js";
import { beginnings, chosenList } from "../analyses/begin.js";
import { chosenOf } from "../common/chosen.js";
import { wide } from "../common/files.js";
import { columnChoice, shownColumns } from "./genome_columns.js";
import { about, html, nothing, number, page, problem, table, told } from "../common/parts.js";
import { lacks } from "../common/rights.js";

/** pages without a single line that are looked through by themselves */
const EMPTY = 25;

const asked = new URLSearchParams(location.search);
const SIZE = asked.get("limit") ?? 50;
const view = {
  all: [], species: about.species, schemes: [], columns: [], rows: [], next: null, former: [], path: "",
  filter: { strain: asked.get("strain") ?? "", where: asked.get("where") ?? "", in_use: asked.get("in_use") === "true" },
  said: "Loading …", refused: null, busy: false, turn: 0,
};
let chosen, forms;

async function begin() {
  const missing = lacks("species:read", "see genomes");
  if (missing) return page(missing);
  try {
    view.all = (await get("/species")).species;
    view.species ||= view.all.length === 1 ? view.all[0].name : "";
    if (!view.species) return page(choice());
    chosen = chosenOf(view.species);
    view.schemes = (await get(`/species/${view.species}/schemes`)).schemes;
    forms = beginnings(() => ({ species: view.species, schemes: view.schemes, genomes: chosen.all() }),
      ["search", "tree", "project", "call"], show);
    await load(first());
  } catch (refused) {
    page(problem(refused));
  }
}

const choice = () => (view.all.length
  ? html`<p>Of which species?</p><ul>${view.all.map((one) =>
      html`<li><a href="/genomes/${one.name}"><i>${one.label}</i></a></li>`)}</ul>`
  : html`<p>There is no species yet: your operator adds one by <code>crobot species add</code>.</p>`);

/** The fields of a question, as the table and the files have them. */
function question() {
  const { strain, where, in_use } = view.filter;
  const conditions = [strain && `strain~${strain}`, where].filter(Boolean).map((one) => ["where", one]);
  return [...conditions, ...(in_use ? [["in_use", "true"]] : [])];
}

const results = (fields) => `/species/${encodeURIComponent(view.species)}/results?${new URLSearchParams(fields)}`;
const first = () => results([...question(), ["limit", SIZE]]);

async function load(path) {
  // what was asked before is no longer wanted, and may be answered later
  const turn = ++view.turn;
  view.said = "Loading …";
  view.busy = true;
  show();
  try {
    let found = await get(path);
    for (let empty = 0; !found.results.length && found.next && empty < EMPTY; empty++) {
      view.said = "Looking further …";
      show();
      found = await get(found.next);
    }
    if (turn !== view.turn) return;
    Object.assign(view, { path, columns: found.columns, rows: found.results, next: found.next, refused: null });
    view.said = `${number(found.results.length)} genomes on page ${view.former.length + 1}`;
  } catch (refused) {
    if (turn !== view.turn) return;
    Object.assign(view, { refused, said: "" });
  }
  view.busy = false;
  show();
}

function search(event) {
  event.preventDefault();
  const given = new FormData(event.target);
  view.filter = { strain: given.get("strain").trim(), where: given.get("where").trim(), in_use: given.has("in_use") };
  view.former = [];
  const kept = Object.entries(view.filter).filter(([, value]) => value);
  history.replaceState(null, "", kept.length ? `?${new URLSearchParams(kept)}` : location.pathname);
  load(first());
}

function older() {
  view.former.push(view.path);
  load(view.next);
}

const newer = () => load(view.former.pop());

function show() {
  page(html`${species()} ${searching()} ${problem(view.refused)} ${told(view.said)}
    <div class="row spread">
      <div class="row">
        <button type="button" @click=${() => chooseAll(true)} ?disabled=${!view.rows.length}>Choose all on this page</button>
        <button type="button" @click=${newer} ?disabled=${view.busy || !view.former.length}>Newer</button>
        <button type="button" @click=${older} ?disabled=${view.busy || !view.next}>Older</button>
      </div>
      <div class="row">All that was found: ${["csv", "tsv"].map((kind) => html`<a class="button" download
        href=${address(results([...question(), ["format", kind]]))}>${kind.toUpperCase()}</a>`)}</div>
    </div>
    ${columnChoice(view, show)}
    ${wide("Table of genomes", table("Genomes", columns(), view.rows, "No genome is like that."))}
    <h2>With the chosen genomes</h2>
    ${chosenList(chosen, show)} ${lacks("jobs:send", "begin anything with them") ?? forms()}`);
}

const species = () => (view.all.length < 2 ? nothing : html`<div class="row"><div><label for="species">Species</label>
  <select id="species" @change=${({ target }) => location.assign(`/genomes/${target.value}`)}>${view.all.map((one) =>
    html`<option value=${one.name} ?selected=${one.name === view.species}>${one.label}</option>`)}</select></div></div>`);

const searching = () => html`<form class="row" role="search" @submit=${search}>
  <div><label for="strain">Strain</label>
    <input id="strain" name="strain" type="search" value=${view.filter.strain} placeholder="a part of its name"></div>
  <div><label for="where">Condition</label>
    <input id="where" name="where" type="search" value=${view.filter.where} placeholder="country=Ireland" aria-describedby="how"></div>
  <label class="choice"><input type="checkbox" name="in_use" ?checked=${view.filter.in_use}> only assemblies in use</label>
  <button type="submit">Search</button>
  <p id="how" class="quiet">A condition is a column, one of = != &lt; &lt;= &gt; &gt;= ~ (has), and a value: n50&gt;=50000.</p>
</form>`;

function columns() {
  return [
    ["Choose", (row) => html`<input type="checkbox" aria-label="Choose ${row.strain ?? row.barcode}"
      ?disabled=${!row.barcode} .checked=${chosen.has(row.barcode)} @change=${({ target }) => choose([row], target.checked)}>`],
    ["Strain", (row) => row.strain],
    ["Assembly", (row) => row.barcode && html`<a class="kept" href="/genomes/${view.species}/${row.barcode}">${row.barcode}</a>`],
    ...shownColumns(view),
  ];
}

function choose(rows, is) {
  for (const row of rows) if (row.barcode) chosen.set(row.barcode, row.strain ?? "", is);
  show();
}

const chooseAll = (is) => choose(view.rows, is);

begin();
