// A pair on its way: announced before, its files sent one after the other, its job followed when it is sent.

import { change, get, Problem } from "../common/api.js";
import { sendBytes } from "./bytes.js";
import { follow } from "../common/live.js";
import { sha256 } from "./sha256.js";
import { together } from "./together.js";

const LOOK_MS = 1500;
const STOPPED = new Error("stopped by the user");
/** a file in one of these has its place in the pair */
const THERE = ["uploading", "uploaded", "checked"];

export class Sending {
  /** @type {"" | "comparing" | "sending" | "checking" | "paused" | "stopped"} what goes on here */
  doing = "";
  /** which file goes on now: 0, 1, or none */
  at = null;
  problem = null;
  job = null;
  #stop = null;
  /** files that this page has begun itself, or compared: they need not be compared before they go on */
  #known = new Set();
  #created = () => {};

  /** `pair` is as the API tells it; `files` are [File | null, File | null]; `changed()` is called when something has. */
  constructor(pair, files, changed) {
    this.pair = pair;
    this.files = files;
    this.changed = changed;
    /** how many bytes of each file are there */
    this.sent = [0, 1].map((mate) => this.there(mate)?.received ?? 0);
  }

  /** What the API has of read1 (0) or read2 (1): its last file. */
  last(mate) {
    return this.pair.files.filter((file) => file.mate === `read${mate + 1}`).at(-1);
  }

  /** The same, if it can still become one of the pair. */
  there(mate) {
    const file = this.last(mate);
    return file && THERE.includes(file.state) ? file : null;
  }

  size(mate) {
    return this.files[mate]?.size ?? this.last(mate)?.bytes ?? 0;
  }

  get isOver() {
    return !["uploading", "refused"].includes(this.pair.state);
  }

  get isBusy() {
    return ["comparing", "sending", "checking"].includes(this.doing);
  }

  /** Whether the user has chosen all files that are still to be sent. */
  get isComplete() {
    return [0, 1].every((mate) => this.files[mate] || this.there(mate)?.state === "checked");
  }

  /** Send what is missing, until the pair is sent, something is wrong, or the user stops it. */
  async run() {
    if (this.isOver) return;
    this.#stop = new AbortController();
    this.problem = null;
    try {
      for (const mate of [0, 1]) {
        if (this.there(mate)?.state !== "checked") await this.#send(mate, this.#stop.signal);
      }
      await this.#awaitVerdict(this.#stop.signal);
      this.#set("");
    } catch (problem) {
      await this.refresh().catch(() => {});
      this.problem = problem === STOPPED || this.#reason() ? null : problem;
      this.#set(problem === STOPPED ? "paused" : "stopped");
    } finally {
      this.at = null;
      this.#stop.abort(STOPPED);
    }
  }

  pause() {
    this.#stop?.abort(STOPPED);
    this.#set("paused");
  }

  async withdraw() {
    this.pause();
    this.pair = await change("DELETE", `/uploads/${this.pair.upload}`);
    this.#set("");
  }

  /** Have another file in the place of read1 (0) or read2 (1). */
  async replace(mate, file) {
    const there = this.there(mate);
    // the version of tus is asked for; a DELETE that comes twice says 410, and does no harm
    if (there) await fetch(there.url, { method: "DELETE", headers: { "Tus-Resumable": "1.0.0" } });
    this.files[mate] = file;
    this.sent[mate] = 0;
    await this.refresh();
  }

  async refresh() {
    this.pair = await get(`/uploads/${this.pair.upload}`);
    for (const mate of [0, 1]) this.sent[mate] = this.there(mate)?.received ?? 0;
    this.changed();
  }

  async #send(mate, stop) {
    const file = this.files[mate];
    const there = this.there(mate);
    if (!file) throw new Problem(0, { detail: `choose ${this.pair[`read${mate + 1}`]} again` });
    if (there && there.bytes !== file.size) throw this.#another(mate);
    // another file of the same size must not be sent after the beginning of the first: so the sum comes first
    if (there && !this.#known.has(file)) await this.#compare(mate, there, stop);
    this.#known.add(file);
    this.at = mate;
    this.#set("sending");
    await together(stop, (signal) => {
      const address = new Promise((created, failed) => {
        signal.addEventListener("abort", () => failed(signal.reason));
        this.#created = created;
      });
      return [this.#sendBytes(mate, there?.url, signal), this.#saySum(file, address, signal)];
    });
    await this.refresh();
  }

  #sendBytes(mate, url, signal) {
    return sendBytes(this.files[mate], {
      endpoint: this.pair.files_url,
      url,
      name: this.pair[`read${mate + 1}`],
      signal,
      created: this.#created,
      progress: (sent) => { this.sent[mate] = sent; this.changed(); },
    });
  }

  async #saySum(file, address, signal) {
    const [hex, url] = await Promise.all([sha256(file, signal), address]);
    await change("PUT", `${url}/sha256`, { sha256: hex });
  }

  async #compare(mate, there, stop) {
    this.#set("comparing");
    const hex = await sha256(this.files[mate], stop);
    try {
      await change("PUT", `${there.url}/sha256`, { sha256: hex });
    } catch (problem) {
      await this.refresh();
      // it has its place, and does not take this sum: it was said to have another one
      throw problem.status === 422 && this.there(mate) ? this.#another(mate) : problem;
    }
  }

  #another(mate) {
    const there = this.there(mate);
    return new Problem(0, {
      detail: `this is not the ${there.name} that was begun: that had ${there.bytes.toLocaleString("en")} bytes` +
        (there.bytes === this.files[mate].size ? ", and other content" : "") +
        ". Choose the file that was begun, or withdraw the upload and begin it anew.",
    });
  }

  // a file that nobody has seen as a whole is read by a head, which takes a while
  async #awaitVerdict(stop) {
    for (;;) {
      await this.refresh();
      if (this.pair.state === "sent") return this.#followJob();
      const reason = this.#reason();
      if (reason || this.isOver) throw new Problem(422, { detail: reason || `the upload is ${this.pair.state}` });
      this.#set("checking");
      await new Promise((go) => setTimeout(go, LOOK_MS));
      stop.throwIfAborted();
    }
  }

  #followJob() {
    follow({ job: this.pair.job }, (_, job) => { this.job = job; this.changed(); });
  }

  /** Why the pair, or one of its files, is refused. */
  #reason() {
    return this.pair.reason || [0, 1].map((mate) => this.last(mate)).find((file) => file?.state === "refused")?.reason || "";
  }

  #set(doing) {
    this.doing = doing;
    this.changed();
  }
}
