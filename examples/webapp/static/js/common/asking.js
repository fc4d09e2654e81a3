// A question before something is changed: the browser's own dialogue, so Enter, Escape and Tab do what people expect.

import { html, nothing, render } from "./parts.js";

/**
 * Ask, and return what was entered (name → text), or null if the user thinks better of it. `inside` is a template with
 * more fields; the first field or the button of the answer has the focus, and afterwards the element that had it before.
 */
export function asked(title, { text = "", answer, danger = false, inside = nothing }) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", title);
  render(html`<form method="dialog">
    <h2>${title}</h2>
    ${text ? html`<p>${text}</p>` : nothing}
    ${inside}
    <div class="row">
      <button class=${danger ? "danger" : "main"} value="yes">${answer}</button>
      <button value="no" formnovalidate>Leave it</button>
    </div>
  </form>`, dialog);
  document.body.append(dialog);
  const before = document.activeElement;
  return new Promise((done) => {
    dialog.addEventListener("close", () => {
      const entered = dialog.returnValue === "yes" ? Object.fromEntries(new FormData(dialog.querySelector("form"))) : null;
      dialog.remove();
      before?.focus();
      done(entered);
    });
    dialog.showModal();
  });
}
