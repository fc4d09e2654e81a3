// What the user's token may not do is said before anything is asked, in words that say whom to ask.

import { html, may } from "./parts.js";

/** A sentence if the token lacks a scope that is needed to do `what`; nothing if it has it. */
export function lacks(scope, what) {
  if (may(scope)) return null;
  return html`<div class="problem" role="alert">
    <p>Your token does not let you ${what}. Ask your operator for one that has the right <b>${scope}</b>:
      <code>crobot token create --scope ${scope}</code></p>
  </div>`;
}
