// A job that is over, sent again: as it was, or with other parameters.

import { change, Problem } from "../common/api.js";
import { asked } from "../common/asking.js";
import { html, nothing } from "../common/parts.js";

const ASSEMBLERS = ["spades", "megahit", "skesa"];
const GB = 1e9;

/** Ask how, and send; `done(number)` gets the new job, which may be one for the same that is live. */
export async function again(job, done) {
  const entered = await asked(`Send job ${job.id} again?`, {
    text: "What is left empty is as it was.", answer: "Send again", inside: fields(job),
  });
  if (!entered) return;
  const sent = await change("POST", `/jobs/${job.id}/resend`, wanted(entered));
  done(sent.job);
}

function fields(job) {
  const figure = (name, text, most, step = 1) => html`<div><label for=${`again-${name}`}>${text}</label>
    <input id=${`again-${name}`} name=${name} type="number" min=${step === 1 && name !== "priority" ? 1 : 0} max=${most} step=${step}></div>`;
  return html`<div class="fields">
      ${job.pipeline === "QAssembly" ? html`<div><label for="again-assembler">Assembler</label>
        <select id="again-assembler" name="assembler"><option value="">as before</option>
          ${ASSEMBLERS.map((name) => html`<option>${name}</option>`)}</select></div>` : nothing}
      ${figure("priority", "Priority (0 is urgent)", 9)} ${figure("cores", "Cores", 1024)}
      ${figure("memory_gb", "Memory, GB", 4096, 0.5)} ${figure("hours", "Time limit, hours", 1000)}
    </div>
    <label for="again-params">Other parameters</label>
    <textarea id="again-params" name="params" rows="3" placeholder="min_contig = 500" aria-describedby="again-hint"></textarea>
    <p id="again-hint" class="quiet">One on a line: name = value. A value is a text, or JSON such as 500, true, [21, 33]; null takes it away.</p>`;
}

function wanted({ assembler, priority, cores, memory_gb, hours, params }) {
  const others = paramsOf(params);
  if (assembler) others.assembler = assembler;
  const body = {};
  if (Object.keys(others).length) body.params = others;
  if (priority) body.priority = Number(priority);
  if (cores) body.cores = Number(cores);
  if (memory_gb) body.memory_bytes = Math.round(Number(memory_gb) * GB);
  if (hours) body.time_limit_s = Number(hours) * 3600;
  return body;
}

function paramsOf(text) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return Object.fromEntries(lines.map((line) => {
    const found = /^([A-Za-z_]\w*)\s*=\s*(.*)$/.exec(line);
    if (!found) throw new Problem(0, { detail: `“${line}” is no parameter: write name = value` });
    return [found[1], value(found[2])];
  }));
}

function value(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
