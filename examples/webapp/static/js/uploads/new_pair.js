// A pair before it is sent: which strain, which file is which, what is said of the strain.

import { label, wrongValue } from "./metadata.js";
import { html, nothing, problem, size } from "../common/parts.js";

const MATES = ["read1", "read2"];

export function newPair(pair, { files, kinds, pairs }, { wrongOf, place, leaveOut, draw }) {
  const id = `pair${pairs.indexOf(pair)}`;
  const wrong = wrongOf(pair);
  const named = Object.values(pair.values).filter(Boolean).length;
  return html`<fieldset class="pair">
    <legend>Pair ${pairs.indexOf(pair) + 1}</legend>
    <div class="fields">
      <div><label for=${`${id}-strain`}>Strain</label>
        <input id=${`${id}-strain`} .value=${pair.strain} @input=${(event) => { pair.strain = event.target.value; draw(); }}></div>
      ${MATES.map((name, mate) => html`<div><label for=${`${id}-${name}`}>${name}</label>
        <select id=${`${id}-${name}`} @change=${(event) => place(pair, mate, event.target.value)}>
          <option value="" ?selected=${!pair.files[mate]}>– choose –</option>
          ${files.map((file) => html`<option value=${file.name} .selected=${file === pair.files[mate]}>${file.name}</option>`)}
        </select>
        <span class="quiet">${pair.files[mate] ? size(pair.files[mate].size) : nothing}</span></div>`)}
    </div>
    <details .open=${pair.open} @toggle=${(event) => { pair.open = event.target.open; draw(); }}>
      <summary>What is known of the strain${named ? ` (${named})` : ""}</summary>
      ${pair.open ? html`<div class="fields">${[...kinds].map(([name, kind]) => field(id, pair, name, kind, draw))}</div>` : nothing}
    </details>
    ${wrong ? html`<p class="wrong">${wrong}</p>` : nothing}
    ${problem(pair.problem)}
    <div class="row">
      <button type="button" @click=${() => { pair.files.reverse(); draw(); }}>Swap read1 and read2</button>
      <button type="button" @click=${() => leaveOut(pair)}>Leave out</button>
    </div>
  </fieldset>`;
}

function field(id, pair, name, kind, draw) {
  const value = pair.values[name] ?? "";
  const why = wrongValue(kind, value);
  return html`<div><label for=${`${id}-${name}`}>${label(name)}</label>
    <input id=${`${id}-${name}`} .value=${value} inputmode=${kind.kind === "integer" ? "numeric" : "text"}
      aria-invalid=${Boolean(why)} @input=${(event) => { pair.values[name] = event.target.value; draw(); }}>
    ${why ? html`<span class="wrong">${why}</span>` : nothing}</div>`;
}
