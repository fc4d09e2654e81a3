// What several pages show: states, times, sizes, problems, tables.

import { html, nothing, render } from "../../vendor/lit-html.js";

export { html, nothing, render };

const frame = document.getElementById("page");

/** What the server said of this page: its number, its species … */
export const about = JSON.parse(frame.dataset.about);

/** The user's number. */
export const user = Number(frame.dataset.user);

/** Whether the user's token may do this. */
export const may = (scope) => frame.dataset.scopes.split(" ").some((one) => one === scope || one === "admin:read" && scope.endsWith(":read"));

/** Show this as the page. */
export function page(content) {
  if (!frame.dataset.filled) {
    frame.replaceChildren();
    frame.dataset.filled = "yes";
  }
  render(content, frame);
}

/** Do what an event asks for; show what is refused beside it, and let nobody press twice. */
export function attempt(action, refused) {
  return async (event) => {
    event.preventDefault();
    const button = event.submitter ?? event.currentTarget;
    button.disabled = true;
    refused(null);
    try {
      await action(event);
    } catch (problem) {
      refused(problem);
    } finally {
      button.disabled = false;
    }
  };
}

/** What was refused, with the fields that are wrong. */
export function problem(refused) {
  if (!refused) return nothing;
  return html`<div class="problem" role="alert">
    <p>${refused.message}</p>
    ${refused.errors?.length
      ? html`<ul>${refused.errors.map((one) => html`<li><b>${one.field}</b>: ${one.detail}</li>`)}</ul>`
      : nothing}
  </div>`;
}

/** A state as a word with a colour; the word says it all. */
export const state = (name, label = name) =>
  html`<span class="state ${String(name).toLowerCase()}">${String(label).toLowerCase()}</span>`;

/** A time as people here write it, with the exact one behind it. */
export function time(text) {
  if (!text) return html`<span class="quiet">–</span>`;
  const at = new Date(text);
  const today = at.toDateString() === new Date().toDateString();
  const shown = today ? at.toLocaleTimeString() : at.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  return html`<time datetime=${text} title=${at.toLocaleString()}>${shown}</time>`;
}

/** Bytes in the unit that people read. */
export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  for (; bytes >= 1000 && unit < units.length - 1; unit++) bytes /= 1000;
  return `${unit && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

/** A number with its thousands apart. */
export const number = (value) => (value === null || value === undefined ? "–" : Number(value).toLocaleString("en"));

/** How many there are: 1 file, 2 files. */
export const counted = (count, noun) => `${number(count)} ${noun}${count === 1 ? "" : "s"}`;

/** How far something is: `share` from 0 to 1. */
export const bar = (share, label) =>
  html`<progress max="1" .value=${share} aria-label=${label}>${Math.round(100 * share)} %</progress>`;

/**
 * A table that becomes a list of cards where the page is narrow. `columns`: [[heading, cell(row)] …]
 */
export function table(caption, columns, rows, empty = "Nothing yet.") {
  if (!rows.length) return html`<p class="quiet">${empty}</p>`;
  return html`<table class="cards">
    <caption class="hidden">${caption}</caption>
    <thead><tr>${columns.map(([heading]) => html`<th scope="col">${heading}</th>`)}</tr></thead>
    <tbody>${rows.map((row) => html`<tr>${columns.map(([heading, cell]) =>
      html`<td data-label=${heading}><div>${cell(row) ?? html`<span class="quiet">–</span>`}</div></td>`)}</tr>`)}</tbody>
  </table>`;
}

/** A list of facts: [[name, value] …]; what is empty is left out. */
export const facts = (pairs) =>
  html`<dl class="facts">${pairs.filter(([, value]) => value !== null && value !== undefined && value !== "")
    .map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;

/** Sentences that a screen reader says when they change. */
export const told = (text) => html`<p class="told" role="status">${text}</p>`;
