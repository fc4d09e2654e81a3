// The HTTP API, asked from the browser: the session stands for the token.

const ROOT = "/api/v1.0";

/** What the API refused, in its own words. */
export class Problem extends Error {
  constructor(status, document) {
    super(document.detail ?? document.title ?? `the server answered ${status}`);
    this.status = status;
    /** [{field, value, detail}], if single fields are wrong */
    this.errors = document.errors ?? [];
  }
}

/** Ask, and return the answer's document. A key makes a change be made once, however often it is asked for. */
export async function ask(method, path, { body, key } = {}) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (key) headers["Idempotency-Key"] = key;
  let answer;
  try {
    answer = await fetch(address(path), { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Problem(0, { detail: "the server does not answer: is the network away? Try again." });
  }
  if (answer.status === 401) signInAgain();
  const document = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Problem(answer.status, document);
  return document;
}

export const get = (path) => ask("GET", path);

/** Change something: sent again by itself if the line is cut, and made once. */
export async function change(method, path, body) {
  const key = newKey();
  for (const wait of [1000, 3000, null]) {
    try {
      return await ask(method, path, { body, key });
    } catch (problem) {
      if (wait === null || ![0, 503].includes(problem.status)) throw problem;
      await new Promise((go) => setTimeout(go, wait));
    }
  }
}

/** A path of the API as an address of this host; `next` and `url` in answers are such addresses already. */
export function address(path) {
  return path.startsWith(`${ROOT}/`) ? path : ROOT + path;
}

/** Fields for an address, without those that are empty. */
export function fields(values) {
  const kept = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return kept.length ? `?${new URLSearchParams(kept)}` : "";
}

// crypto.randomUUID is there on https and this machine only
function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function signInAgain() {
  location.assign(`/sign-in?${new URLSearchParams({ next: location.pathname + location.search })}`);
}
