// Which columns of the table of results are shown, and how their values are written.

import { html, number, state } from "../common/parts.js";
import { antigens } from "../common/schemes.js";

/** columns that stand in others, or that every line has anyway */
const ELSEWHERE = ["strain", "barcode", "qa"];
const NAMES = { status: "QA", bases: "Bases", contigs: "Contigs", n50: "N50", coverage: "Coverage", n_share: "N, share",
  top_species: "Species check", strain_barcode: "Strain's barcode", in_use: "In use", created: "Made", version: "Pipeline",
  outdated: "Outdated" };

const key = (view) => `columns ${view.species}`;
const offered = (view) => view.columns.filter((one) => !ELSEWHERE.includes(one));

/** What people see who have chosen nothing: the QA, the size, and of each scheme what says most. */
function usual(view) {
  const serovars = view.schemes.filter((one) => one.pipeline === "SeroPred").map((one) => `${one.description}.serovar`);
  const types = view.schemes.filter((one) => one.scheme).map((one) => `${one.description}.ST`);
  const wanted = ["status", ...types, ...serovars, "n50", "contigs"];
  return wanted.filter((one) => view.columns.includes(one));
}

function chosenNames(view) {
  const kept = JSON.parse(localStorage.getItem(key(view)) ?? "null");
  return kept ? kept.filter((one) => view.columns.includes(one)) : usual(view);
}

/** The columns of the table: [[heading, cell(row)] …] */
export const shownColumns = (view) => chosenNames(view).map((name) => [heading(name), (row) => cell(name, row)]);

/** Check boxes for all columns that there are. */
export function columnChoice(view, show) {
  const is = new Set(chosenNames(view));
  const change = (name, wanted) => {
    const names = offered(view).filter((one) => (one === name ? wanted : is.has(one)));
    // the order of the usual ones says more than that of the table
    const order = [...new Set([...usual(view), ...names])].filter((one) => names.includes(one));
    localStorage.setItem(key(view), JSON.stringify(order));
    show();
  };
  return html`<details><summary>Columns</summary><div class="fields">${offered(view).map((name) => html`<label class="choice">
    <input type="checkbox" .checked=${is.has(name)} @change=${({ target }) => change(name, target.checked)}> ${heading(name)}
  </label>`)}</div></details>`;
}

/** MLST_Achtman.ST as "ST, MLST_Achtman": what it is comes first. */
const heading = (name) => NAMES[name] ?? name.split(/\.(.*)/s).slice(0, 2).reverse().join(", ");

function cell(name, row) {
  const value = row[name];
  const [scheme, part] = name.split(/\.(.*)/s);
  if (name === "status") return verdict(row);
  if (part === "serovar" && !value) return formula(scheme, row) ?? standing(scheme, row);
  if (value === null || value === "") return part ? standing(scheme, row) : null;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (["bases", "contigs", "n50"].includes(name)) return html`<span class="kept">${number(value)}</span>`;
  if (name === "coverage") return Number(value).toFixed(1);
  return name === "top_species" ? speciesCheck(value) : value;
}

/** The QA in a word, and what failed of it. */
export function verdict({ status, qa }) {
  const word = { "Assembled": ["passed", "passed"], "Failed QA": ["failed", "failed"] }[status] ?? [status, status];
  return html`<div>${state(...word)}${qa ? html` <span class="quiet">${qa}</span>` : ""}</div>`;
}

/** As the API has it: "Salmonella enterica;100.0%". */
export const speciesCheck = (text) => text.split(";").join(", ");

function formula(scheme, row) {
  const found = { O: row[`${scheme}.O`], H1: row[`${scheme}.H1`], H2: row[`${scheme}.H2`] };
  return Object.values(found).some(Boolean) ? antigens(found) : null;
}

/** Why there is no value: the scheme is queued, has failed, or was never called. */
function standing(scheme, row) {
  const stands = row[`${scheme}.stands`];
  return stands && stands !== "COMPLETE" ? html`<span class="quiet">(${stands.toLowerCase()})</span>` : null;
}
