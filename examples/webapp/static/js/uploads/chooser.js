// Where files are chosen: by the browser's own dialogue, which works by keyboard, or dropped.

import { html } from "../common/parts.js";

/** `take(files)` gets an array of files. */
export function chooser(id, label, hint, take) {
  const over = (event, is) => {
    event.preventDefault();
    event.currentTarget.classList.toggle("over", is);
  };
  const chosen = (event) => {
    take([...event.target.files]);
    // the same files may be chosen once more
    event.target.value = "";
  };
  const dropped = (event) => {
    over(event, false);
    take([...event.dataTransfer.files]);
  };
  return html`<div class="drop" @dragover=${(event) => over(event, true)} @dragleave=${(event) => over(event, false)} @drop=${dropped}>
    <label for=${id}>${label}</label>
    <input id=${id} type="file" multiple aria-describedby=${`${id}-hint`} @change=${chosen}>
    <p id=${`${id}-hint`} class="quiet">${hint}</p>
  </div>`;
}
