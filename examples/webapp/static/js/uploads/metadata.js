// What may be said of a strain, as GET /species/S/metadata lists it: `kinds` is name → {kind, least, most, characters}.

import { get } from "../common/api.js";

const loaded = new Map();

/** The kinds of a species, asked for once. */
export function kindsOf(species) {
  if (!loaded.has(species)) loaded.set(species, ask(species));
  return loaded.get(species);
}

async function ask(species) {
  const { metadata } = await get(`/species/${encodeURIComponent(species)}/metadata`);
  return new Map(metadata.map((one) => [one.name, one]));
}

/** What is wrong with a value, and what to do; empty if nothing is. */
export function wrongValue(kind, text) {
  const value = text.trim();
  if (!value) return "";
  if (kind.kind === "text")
    return value.length > kind.characters ? `has ${value.length} characters: shorten it to ${kind.characters}` : "";
  const form = kind.kind === "integer" ? /^\d+$/ : /^[+-]?\d{1,3}(\.\d+)?$/;
  const number = Number(value);
  if (form.test(value) && number >= kind.least && number <= kind.most) return "";
  const what = kind.kind === "integer" ? "a whole number" : "a number with a point, such as 53.35,";
  return `“${value}” is not ${what} from ${kind.least} to ${kind.most}`;
}

/** A name as a label: source_niche → Source niche. */
export const label = (name) => (name[0].toUpperCase() + name.slice(1)).replaceAll("_", " ");

/** What is said of a strain, as the API takes it: without what is empty. */
export const said = (values) =>
  Object.fromEntries(Object.entries(values).map(([name, text]) => [name, text.trim()]).filter(([, text]) => text));
