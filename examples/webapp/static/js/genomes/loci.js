// Where a locus of a scheme lies in an assembly, and its allele.

import { fields, get } from "../common/api.js";
import { wide } from "../common/files.js";
import { attempt, html, number, problem, table } from "../common/parts.js";

/** A form with its answer. `path` is the assembly's; `typed` gives the schemes that have alleles there. */
export function locusSearch(path, typed, show) {
  let found = null, refused = null, scheme = "";
  const look = attempt(async ({ target }) => {
    found = null;
    const given = new FormData(target);
    const asked = fields({ locus: given.get("locus").trim() });
    found = (await get(`${path}/schemes/${encodeURIComponent(given.get("scheme"))}/loci${asked}`)).loci;
    show();
  }, (problem) => { refused = problem; show(); });
  const choose = ({ target }) => { scheme = target.value; show(); };
  return () => {
    const schemes = typed();
    const of = schemes.find((one) => one.scheme === scheme) ?? schemes[0];
    return html`<form class="row" @submit=${look}>
        <div><label for="locus-scheme">Scheme</label><select id="locus-scheme" name="scheme" @change=${choose}>
          ${schemes.map((one) => html`<option value=${one.scheme}>${one.label}</option>`)}</select></div>
        <div><label for="locus">Locus</label><input id="locus" name="locus" list="locus-names" required autocapitalize="off">
          <datalist id="locus-names">${Object.keys(of.results.alleles).sort().map((name) =>
            html`<option value=${name}></option>`)}</datalist></div>
        <button type="submit">Look up</button>
      </form>
      ${problem(refused)}
      ${found ? wide("Places of loci", table("Places of loci", COLUMNS, found)) : ""}`;
  };
}

const COLUMNS = [
  ["Locus", (one) => one.locus],
  ["Allele", (one) => one.allele ?? "new"],
  ["Status", (one) => one.status],
  ["Contig", (one) => one.contig],
  ["From", (one) => (one.start === null ? null : number(one.start))],
  ["To", (one) => (one.end === null ? null : number(one.end))],
  ["Strand", (one) => one.strand],
  ["Identity", (one) => (one.identity === null ? null : percent(one.identity))],
  ["Copies", (one) => one.copies],
];

const percent = (share) => `${(100 * share).toFixed(1)} %`;
