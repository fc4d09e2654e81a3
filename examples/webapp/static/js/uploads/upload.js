// The page on which reads are uploaded: pairs are chosen and described, then sent two at a time.

import { change, get, Problem } from "../common/api.js";
import { asked } from "../common/asking.js";
import { card } from "./card.js";
import { chooser } from "./chooser.js";
import { kindsOf, said, wrongValue } from "./metadata.js";
import { newPair } from "./new_pair.js";
import { pairUp, strainOf } from "./pairing.js";
import { pasting } from "./pasting.js";
import { attempt, counted, html, nothing, page, problem } from "../common/parts.js";
import { Queue } from "./queue.js";
import { Sending } from "./sending.js";

const AT_ONCE = 2;
/** of QAssembly; the first one is what it takes by itself */
const ASSEMBLERS = [["spades", "SPAdes"], ["megahit", "MEGAHIT (the fastest)"], ["skesa", "SKESA"]];

const here = {
  species: [], chosen: "", assembler: "spades", kinds: new Map(),
  /** all files that wait to be sent, and the pairs that are made of them: {strain, files, values, open, problem} */
  files: [], pairs: [],
  sendings: [], refused: null, told: "",
};
const queue = new Queue(AT_ONCE);

async function start() {
  draw();
  try {
    const [{ species }, { uploads }] = await Promise.all([get("/species"), get("/uploads?limit=1000")]);
    here.species = species;
    here.sendings = uploads.filter((pair) => ["uploading", "refused"].includes(pair.state)).map((pair) => sendingOf(pair));
    await chooseSpecies(species[0]?.name ?? "");
  } catch (refused) {
    here.refused = refused;
  }
  draw();
}

async function chooseSpecies(name) {
  here.chosen = name;
  if (name) here.kinds = await kindsOf(name);
  draw();
}

const sendingOf = (pair, files = [null, null]) => new Sending(pair, files, draw);

// --- new pairs ---------------------------------------------------------------------------------------------------------

function addFiles(files) {
  const known = new Set(here.files.map((file) => file.name));
  const added = files.filter((file) => !known.has(file.name));
  here.files.push(...added);
  const { pairs, alone } = pairUp(added);
  for (const pair of pairs) here.pairs.push({ ...pair, values: {}, open: false, problem: null });
  for (const file of alone)
    here.pairs.push({ strain: strainOf(file.name), files: [file, null], values: {}, open: false, problem: null });
  const twice = files.length - added.length;
  here.told = `${counted(added.length, "file")} added` + (twice ? `; ${counted(twice, "name")} chosen before` : "");
  draw();
}

function leaveOut(pair) {
  here.pairs = here.pairs.filter((other) => other !== pair);
  const used = new Set(here.pairs.flatMap((other) => other.files));
  here.files = here.files.filter((file) => used.has(file));
  draw();
}

/** Put a file in a place; the one that was there goes where the other came from. A pair without files is gone. */
function place(pair, mate, name) {
  const file = here.files.find((one) => one.name === name) ?? null;
  const before = pair.files[mate];
  for (const other of here.pairs) other.files = other.files.map((one) => (file && one === file ? before : one));
  pair.files[mate] = file;
  const placed = here.pairs.flatMap((other) => other.files);
  if (before && !placed.includes(before))
    here.pairs.push({ strain: strainOf(before.name), files: [before, null], values: {}, open: false, problem: null });
  here.pairs = here.pairs.filter((other) => other.files.some(Boolean));
  draw();
}

function wrongOf(pair) {
  if (!pair.strain.trim()) return "the strain has no name";
  if (!pair.files[0] || !pair.files[1]) return "a file is missing: choose it, or leave the pair out";
  const [name, why] = Object.entries(pair.values).map(([name, text]) => [name, wrongValue(here.kinds.get(name), text)])
    .find(([, why]) => why) ?? [];
  return why ? `${name}: ${why}` : "";
}

/** Announce the pairs, all of them before any byte; those that are refused stay, with the reason. */
async function send() {
  // whoever is quicker than the list of species waits for it
  await started;
  if (!here.chosen) throw new Problem(0, { detail: "there is no species to send to: open the page again once there is one" });
  const wrong = here.pairs.filter(wrongOf);
  if (wrong.length) throw new Problem(0, { detail: `${counted(wrong.length, "pair")} cannot be sent yet: what is missing stands there` });
  for (const pair of [...here.pairs]) {
    const [read1, read2] = pair.files.map((file) => file.name);
    const wanted = { database: here.chosen, strain: pair.strain, metadata: said(pair.values), read1, read2,
      params: { assembler: here.assembler } };
    try {
      const announced = sendingOf(await change("POST", "/uploads", wanted), pair.files);
      here.sendings.push(announced);
      leaveOut(pair);
      queue.add(announced);
    } catch (refused) {
      pair.problem = refused;
    }
    draw();
  }
  here.told = "";
}

// --- unfinished ones ---------------------------------------------------------------------------------------------------

/** Give files to the uploads that lack them: each to one, by its name, and by its size if several have that name. */
function chooseAgain(files) {
  const open = here.sendings.filter((one) => !one.isOver && !one.isBusy);
  const given = new Set();
  let found = 0;
  for (const file of files) {
    const places = open.flatMap((sending) => [0, 1].filter((mate) => sending.pair[`read${mate + 1}`] === file.name)
      .map((mate) => ({ sending, mate })));
    const place = places.find(({ sending, mate }) => (sending.there(mate)?.bytes ?? file.size) === file.size) ?? places[0];
    if (!place) continue;
    place.sending.files[place.mate] = file;
    given.add(place.sending);
    found += 1;
  }
  for (const sending of given) if (sending.isComplete) queue.add(sending);
  here.told = found < files.length ? `${counted(files.length - found, "file")} without an unfinished upload of that name` : "";
  draw();
}

const steer = {
  pause: (sending) => { queue.remove(sending); sending.pause(); },
  goOn: (sending) => { queue.add(sending); draw(); },
  withdraw: async (sending) => {
    const text = "What has arrived of its files is removed.";
    if (!await asked(`Withdraw the upload of ${sending.pair.strain}?`, { text, answer: "Withdraw the upload", danger: true })) return;
    queue.remove(sending);
    await sending.withdraw();
  },
  replace: async (sending, mate, file) => { await sending.replace(mate, file); queue.add(sending); draw(); },
  waits: (sending) => queue.waits(sending),
};

// --- the page ----------------------------------------------------------------------------------------------------------

let isAsked = false;
function draw() {
  if (isAsked) return;
  isAsked = true;
  requestAnimationFrame(() => { isAsked = false; page(content()); });
}

function content() {
  const { sendings, pairs } = here;
  const lacking = sendings.filter((one) => !one.isOver && !one.doing && !queue.waits(one) && !one.isComplete);
  return html`
    ${problem(here.refused)}
    ${sendings.length ? html`<section aria-label="Uploads"><h2>Uploads</h2>
      ${lacking.length ? chooser("again", "Choose the same files again",
        "Your browser does not keep files: choose those of unfinished uploads, and they go on where they were.", chooseAgain) : nothing}
      ${sendings.map((one) => card(one, steer))}</section>` : nothing}
    <section aria-label="New pairs"><h2>New pairs</h2>
      <div class="row"><div><label for="species">Species</label>
        <select id="species" @change=${(event) => chooseSpecies(event.target.value)}>
          ${here.species.map((one) => html`<option value=${one.name} ?selected=${one.name === here.chosen}>${one.label}</option>`)}
        </select></div>
        <div><label for="assembler">Assembler</label>
        <select id="assembler" @change=${(event) => { here.assembler = event.target.value; }}>
          ${ASSEMBLERS.map(([name, text]) => html`<option value=${name}>${text}</option>`)}</select></div></div>
      ${chooser("reads", "Read files", "FASTQ in gzip, two files of each isolate. Drop them here, or choose them.", addFiles)}
      ${pairs.length ? html`
        ${pasting(here, draw)}
        ${pairs.map((pair) => newPair(pair, here, { wrongOf, place, leaveOut, draw }))}
        <p><button class="main" @click=${attempt(send, (refused) => { here.refused = refused; draw(); })}>
          Send ${counted(pairs.length, "pair")}</button></p>` : nothing}
      <p class="told" role="status">${here.told}</p>
    </section>`;
}

addEventListener("beforeunload", (event) => { if (queue.busy) event.preventDefault(); });
const started = start();
