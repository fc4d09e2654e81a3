import { html, page } from "./parts.js"; page(html`<p>Not written yet.</p>`);
