// A search in many genomes: which of them have which sequence, as a table and a picture.

import { picture, wide } from "../common/files.js";
import { html, nothing, number, table } from "../common/parts.js";

const WORDS = { i: "identical", w: "whole", p: "a part", "-": "absent", "?": "not searched" };
const MOST_SEQUENCES = 20;

/** The facts of it. */
export function ofPresence({ data }) {
  return [
    ["Genomes", number(data.assemblies)],
    ["Sequences", data.query_names?.slice(0, MOST_SEQUENCES).join(", ")],
    ["Bases", data.query_bases && number(data.query_bases)],
    ["Least identity", `${data.min_identity} %`],
    ["Least coverage", `${data.min_coverage} %`],
    ["Not searched", data.not_searched],
  ];
}

/** The picture, how many have each sequence, and the first genomes one by one. */
export function presence({ species, files, data }) {
  if (!data.rows) return nothing;
  return html`${picture(files, "svg", about(data))}
    <h2>How many have it</h2> ${wide("Sequences", table("Sequences", COUNTS, data.queries))}
    ${data.errors.length ? html`<h2>Not searched</h2> ${wide("Not searched", table("Not searched", REASONS, data.errors))}` : nothing}
    <h2>Each genome</h2> ${wide("Genomes", table("Genomes", columns(species, data.queries), data.rows))} ${rest(data)}`;
}

const about = ({ queries, assemblies }) => `Which of ${number(assemblies)} genomes have ` +
  (queries.length === 1 ? queries[0].query : `each of ${number(queries.length)} sequences`) + ".";

const COUNTS = [
  ["Sequence", (one) => one.query],
  ["Bases", (one) => number(one.length)],
  ["Present", (one) => number(one.present)],
  ["Identical", (one) => number(one.identical)],
  ["Whole", (one) => number(one.whole)],
  ["A part", (one) => number(one.part)],
  ["Absent", (one) => number(one.absent)],
];

const REASONS = [
  ["Strain", (one) => one.strain],
  ["Assembly", (one) => one.barcode],
  ["Why", (one) => one.error],
];

const columns = (species, queries) => [
  ["Strain", (row) => html`<a href="/genomes/${species}/${row.barcode}">${row.strain}</a>`],
  ...queries.slice(0, MOST_SEQUENCES).map((one, at) => [one.query, (row) => WORDS[row.states[at]]]),
];

function rest({ rows, queries, assemblies }) {
  const more = [assemblies > rows.length ? `the first ${number(rows.length)} of ${number(assemblies)} genomes` : "",
    queries.length > MOST_SEQUENCES ? `${MOST_SEQUENCES} of ${number(queries.length)} sequences` : ""].filter(Boolean);
  return more.length ? html`<p class="quiet">These are ${more.join(", and ")}; the file has all.</p>` : nothing;
}
