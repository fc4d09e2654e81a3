// Schemes of a species, and what one of them found in an assembly.

import { wide } from "./files.js";
import { facts, html, nothing, number, state, table, time } from "./parts.js";

/** what is kept for jobs; the statistics are told elsewhere */
const INNER = ["assembly_stats", "snp_calls", "ref_masker"];

/** What schemes found that is for people. */
export const forPeople = (results) => results.filter((one) => !INNER.includes(one.scheme));

/** Those that give sequence types, and so trees. */
export const typing = (schemes) => schemes.filter((one) => one.scheme);

/** Those that can be called. */
export const callable = (schemes) => schemes.filter((one) => one.pipeline);

/** An option for each scheme, by the name that people know. */
export const options = (schemes, chosen = "") =>
  schemes.map((one) => html`<option value=${one.description} ?selected=${one.description === chosen}>${one.label}
    (${one.description})</option>`);

/** How a scheme stands for an assembly and what it found; `columns` are those of the table of results, in order. */
export function finding(one, columns) {
  return html`<h3 class="sub">${one.label} ${one.label === one.scheme ? nothing : html`<span class="quiet">${one.scheme}</span>`}
      ${state(one.status)}</h3>
    ${one.outdated ? html`<p class="quiet">Outdated: ${one.outdated}</p>` : nothing}
    ${one.status === "COMPLETE" ? found(one, columns) : nothing}
    <p class="quiet">${one.job_id ? html`<a href="/jobs/${one.job_id}">Job ${one.job_id}</a>, ` : nothing}
      ${[one.version && `pipeline ${one.version}`, one.scheme_version && `scheme ${one.scheme_version}`]
        .filter(Boolean).join(", ")} ${time(one.updated_at)}</p>`;
}

function found({ scheme, results }, columns) {
  if (results.alleles) return profile(scheme, results, columns);
  if (results.serovar !== undefined) return serovar(results);
  if (results.arrays) return arrays(results);
  if (results.counts) return facts(Object.entries(results.counts).map(([name, value]) => [name, number(value)]));
  return facts(plain(results));
}

function profile(scheme, results, columns) {
  const prefix = `${scheme}.`;
  const order = columns.filter((one) => one.startsWith(prefix)).map((one) => one.slice(prefix.length));
  // a scheme of thousands of loci has no columns for them
  const loci = order.filter((locus) => locus in results.alleles);
  const names = loci.length ? loci : Object.keys(results.alleles).sort();
  const allele = (locus) => results.published_ids?.[locus] ?? word(results.alleles[locus]);
  return html`<p class="type">ST <b>${results.ST ?? "not known"}</b></p>
    ${names.length > 40
      ? html`<details><summary>${number(names.length)} loci</summary>${alleles(scheme, names, allele)}</details>`
      : alleles(scheme, names, allele)}
    ${facts(["new", "missing", "fragmented", "duplicated"].map((kind) => [`${kind} loci`, results[kind]?.join(", ")]))}`;
}

const alleles = (scheme, names, allele) => wide(`Alleles of ${scheme}`, html`<table>
  <caption class="hidden">Alleles of ${scheme}</caption>
  <tr>${names.map((locus) => html`<th scope="col" class="figure">${locus}</th>`)}</tr>
  <tr>${names.map((locus) => html`<td class="figure">${allele(locus)}</td>`)}</tr>
</table>`);

/** The number of an allele, or what is wrong with it. */
const word = (allele) =>
  (allele === null || allele === undefined ? "new" : allele === 0 ? "missing" : allele < 0 ? "incomplete" : allele);

const serovar = (results) => html`<p class="type">Serovar <b>${results.serovar || antigens(results)}</b></p>
  ${facts([["O:H1:H2", antigens(results)], ["serogroup", results.serogroup], ["quality", results.qc?.status],
    ["because", results.qc?.messages?.join?.("; ") ?? results.qc?.messages]])}`;

/** The antigenic formula, as in 4,12:f,g,s:-. */
export const antigens = ({ O, H1, H2 }) => [O, H1, H2].map((one) => one || "–").join(":");

const arrays = (results) => html`${facts([["arrays", number(results.array_count)], ["spacers", number(results.spacer_count)]])}
  ${results.arrays.length ? table("CRISPR arrays", [
    ["Contig", (one) => one.contig],
    ["From", (one) => number(one.start)],
    ["To", (one) => number(one.end)],
    ["Spacers", (one) => one.spacers.length],
    ["Repeat", (one) => html`<code>${one.repeat_consensus}</code>`],
  ], results.arrays) : nothing}`;

const plain = (results) => Object.entries(results)
  .filter(([, value]) => ["string", "number", "boolean"].includes(typeof value));
