// A pair that was announced: how far its files are, what is wrong, and what can be done.

import { attempt, bar, html, nothing, number, problem, size, state } from "../common/parts.js";

const WORDS = {
  comparing: "comparing with what is there", sending: "uploading", checking: "being checked", paused: "paused", stopped: "stopped",
};

export function card(sending, steer) {
  const { pair } = sending;
  const total = sending.size(0) + sending.size(1);
  const share = total ? (sending.sent[0] + sending.sent[1]) / total : 0;
  return html`<article class="pair" aria-label=${`Upload of ${pair.strain}`}>
    <div class="row spread"><h3>${pair.strain}</h3>${badge(sending, steer)}</div>
    ${sending.isOver ? nothing : html`${bar(share, `Upload of ${pair.strain}`)} <span class="quiet">${Math.floor(100 * share)} %</span>`}
    <ul class="files">${[0, 1].map((mate) => file(sending, mate))}</ul>
    ${pair.reason ? html`<p class="problem" role="alert">${pair.reason}</p>` : nothing}
    ${problem(sending.problem)}
    ${pair.job ? html`<p>Assembly: <a href=${`/jobs/${pair.job}`}>job ${pair.job}</a> ${sending.job ? state(sending.job.state) : nothing}
      ${sending.job?.why || sending.job?.message}</p>` : nothing}
    ${sending.isOver ? nothing : buttons(sending, steer)}
  </article>`;
}

function badge(sending, steer) {
  const { pair, doing } = sending;
  if (sending.isOver || pair.state === "refused") return state(pair.state);
  if (steer.waits(sending)) return state("queued", "waits for its turn");
  if (doing) return state(doing === "stopped" ? "bad" : doing === "paused" ? "held" : "uploading", WORDS[doing]);
  return state("held", "unfinished");
}

function file(sending, mate) {
  const found = sending.last(mate);
  const name = sending.pair[`read${mate + 1}`];
  const isRefused = found?.state === "refused" && !sending.there(mate);
  const known = found?.reads ? `, ${number(found.reads)} reads` : "";
  const words = sending.at === mate ? "uploading" : found ? `${found.state}${known}` : "not begun";
  const bytes = sending.size(mate) ? `${size(sending.sent[mate])} of ${size(sending.size(mate))}, ` : "";
  return html`<li><span class="code">${name}</span> <span class="quiet">${bytes}${words}</span>
    ${isRefused ? html`<p class="problem" role="alert">${found.reason}</p>` : nothing}</li>`;
}

function buttons(sending, steer) {
  const refuse = (refused) => { sending.problem = refused; sending.changed(); };
  const { isBusy, isComplete } = sending;
  const { strain } = sending.pair;
  const isRefused = sending.pair.state === "refused" || [0, 1].some((mate) => sending.last(mate)?.state === "refused");
  return html`<div class="row">
    ${isBusy || steer.waits(sending) ? html`<button aria-label=${`Pause ${strain}`} @click=${() => steer.pause(sending)}>Pause</button>` : nothing}
    ${!isBusy && isComplete && !isRefused && !steer.waits(sending)
      ? html`<button class="main" aria-label=${`Go on with ${strain}`} @click=${() => steer.goOn(sending)}>Go on</button>` : nothing}
    ${isRefused && !isBusy ? [0, 1].map((mate) => replace(sending, mate, steer, refuse)) : nothing}
    <button class="danger" aria-label=${`Withdraw ${strain}`} @click=${attempt(() => steer.withdraw(sending), refuse)}>Withdraw</button>
  </div>`;
}

function replace(sending, mate, steer, refuse) {
  const id = `replace-${sending.pair.upload}-${mate}`;
  const chosen = async (event) => {
    const [one] = event.target.files;
    event.target.value = "";
    if (one) await steer.replace(sending, mate, one).catch(refuse);
  };
  return html`<div><label for=${id}>Another file for read${mate + 1}</label><input id=${id} type="file" @change=${chosen}></div>`;
}
