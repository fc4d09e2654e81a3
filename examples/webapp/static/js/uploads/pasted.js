// A table that was pasted from a spreadsheet: cells between tabs, the first line has the names of the columns.

import { wrongValue } from "./metadata.js";

/** columns that say which pair a row is about */
const OWN = ["strain", "read1", "read2"];

/**
 * Read a table about `pairs` ({strain, files}). Return {filled: [{pair, strain, values}], wrong: [{row, column, detail}]};
 * rows are counted as a spreadsheet does, where the first line is row 1.
 */
export function readTable(text, kinds, pairs) {
  const lines = text.replace(/\r\n?/g, "\n").split("\n").map((line) => line.split("\t").map(plain));
  const titles = lines[0].map((title) => title.toLowerCase().replaceAll(" ", "_"));
  const wrong = wrongTitles(titles, kinds);
  const filled = [];
  const seen = new Map();
  lines.slice(1).forEach((cells, index) => {
    if (cells.every((cell) => !cell)) return;
    const row = index + 2;
    const say = (column, detail) => wrong.push({ row, column, detail });
    if (cells.length > titles.length) return say("", `has ${cells.length} cells, and there are ${titles.length} columns`);
    const values = Object.fromEntries(titles.map((title, at) => [title, cells[at] ?? ""]));
    for (const [name, kind] of kinds) {
      const why = wrongValue(kind, values[name] ?? "");
      if (why) say(name, why);
    }
    const pair = OWN.some((title) => titles.includes(title)) ? pairOf(values, pairs, say) : null;
    if (!pair) return;
    if (seen.has(pair)) return say("", `is about the same pair as row ${seen.get(pair)}`);
    seen.set(pair, row);
    filled.push({ pair, strain: values.strain, values: pick(values, kinds) });
  });
  return { filled, wrong };
}

// a cell as a spreadsheet copies it: in quotes if it has some itself
function plain(cell) {
  const text = cell.trim();
  return /^".*"$/.test(text) ? text.slice(1, -1).replaceAll('""', '"').trim() : text;
}

function wrongTitles(titles, kinds) {
  const wrong = [];
  titles.forEach((title, at) => {
    const say = (detail) => wrong.push({ row: 1, column: title || `number ${at + 1}`, detail });
    if (!title) say("has no name: write one in its first line");
    else if (titles.indexOf(title) !== at) say("is there twice");
    else if (!OWN.includes(title) && !kinds.has(title))
      say("is not known: correct its name (those that are known stand above), or leave it out");
  });
  if (!titles.includes("strain") && !titles.includes("read1"))
    wrong.push({ row: 1, column: "", detail: "has neither the column strain nor read1: which pair is a row about?" });
  return wrong;
}

function pairOf(values, pairs, say) {
  for (const [name, is] of [
    ["read1", (pair) => pair.files[0]?.name === values.read1],
    ["read2", (pair) => pair.files[1]?.name === values.read2],
    ["strain", (pair) => pair.strain === values.strain],
  ]) {
    if (!values[name]) continue;
    const found = pairs.find(is);
    if (!found) say(name, `there is no pair with “${values[name]}”: choose its files first, or leave the row out`);
    else if (name === "read1" && values.read2 && found.files[1]?.name !== values.read2)
      say("read2", `“${values.read2}” is not the mate of “${values.read1}” above: correct the row or the pair`);
    else return found;
    return null;
  }
  say(values.read1 === undefined ? "strain" : "read1", "is empty: which pair is the row about?");
  return null;
}

const pick = (values, kinds) => Object.fromEntries(Object.entries(values).filter(([name, text]) => kinds.has(name) && text));
