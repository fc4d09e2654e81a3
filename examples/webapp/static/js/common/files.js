// Files that are there to be saved, and pictures that are shown.

import { html, nothing, size } from "./parts.js";

/** Links to files, with what people call them: `names` is name → words. */
export function downloads(files, names = {}) {
  const there = files.filter((one) => one.bytes !== null);
  if (!there.length) return html`<p class="quiet">No files yet.</p>`;
  return html`<ul class="saved">${there.map((one) => html`<li>
    <a href=${one.url} download=${one.file}>${names[one.name] ?? one.name}</a>
    <span class="quiet">${one.file}, ${size(one.bytes)}</span>
  </li>`)}</ul>`;
}

/** A picture among the files, with the sentence that stands for it; on white, as it was drawn, also in the dark. */
export function picture(files, name, words) {
  const file = files.find((one) => one.name === name && one.bytes !== null);
  if (!file) return nothing;
  return html`<figure>
    <a href=${file.url} target="_blank" rel="noopener"><img class="picture" src=${file.url} alt=${words}></a>
    <figcaption class="quiet">${words} <span>Opens larger in a window of its own.</span></figcaption>
  </figure>`;
}

/** A wide table, which scrolls in its own box, also with the arrow keys. */
export const wide = (label, content) =>
  html`<div class="scroll" tabindex="0" role="region" aria-label=${label}>${content}</div>`;
