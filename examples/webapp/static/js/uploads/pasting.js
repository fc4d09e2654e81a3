// Metadata as a table from a spreadsheet: read at once, and taken over only when nothing in it is wrong.

import { counted, html, nothing } from "../common/parts.js";
import { readTable } from "./pasted.js";

/** `here` has kinds and pairs; what was pasted is kept in its field `pasted`. */
export function pasting(here, draw) {
  const pasted = here.pasted ?? "";
  const { filled, wrong } = pasted.trim() ? readTable(pasted, here.kinds, here.pairs) : { filled: [], wrong: [] };
  const take = () => {
    for (const { pair, strain, values } of filled) {
      if (strain) pair.strain = strain;
      Object.assign(pair.values, values);
    }
    here.told = `${counted(filled.length, "row")} taken over`;
    here.pasted = "";
    draw();
  };
  return html`<details class="pasting">
    <summary>Paste what is known of the strains from a spreadsheet</summary>
    <label for="pasted">Table</label>
    <textarea id="pasted" rows="6" wrap="off" aria-describedby="pasted-hint" .value=${pasted}
      @input=${(event) => { here.pasted = event.target.value; draw(); }}></textarea>
    <p id="pasted-hint" class="quiet">The first line names the columns: strain, or read1 and read2 with the names of files; then any of
      ${[...here.kinds.keys()].join(", ")}.</p>
    ${wrong.length ? html`<div class="problem" role="alert"><p>Nothing is taken over before this is correct:</p>
      <ul>${wrong.map(({ row, column, detail }) =>
        html`<li><b>Row ${row}${column ? `, column ${column}` : nothing}</b>: ${detail}</li>`)}</ul></div>` : nothing}
    <button type="button" ?disabled=${!filled.length || wrong.length} @click=${take}>
      Take over${filled.length ? ` ${counted(filled.length, "row")}` : nothing}</button>
  </details>`;
}
