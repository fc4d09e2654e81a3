// The bytes of one file, sent by tus: in chunks, so that a wrong line is heard of soon, and again after each cut.

import "../../vendor/tus.min.js";
import { Problem } from "../common/api.js";

const CHUNK = 8 * 1024 * 1024;
const AGAIN_MS = [0, 1000, 3000, 10_000, 30_000, 60_000];

/**
 * Send what is missing. `endpoint` is where a file is created, `url` is where it is if that was done, `name` is what the
 * pair calls it. `created(url)` and `progress(bytes)` are called; the promise ends with a Problem, or as `signal` says.
 */
export function sendBytes(file, { endpoint, url, name, signal, created, progress }) {
  return new Promise((sent, failed) => {
    const upload = new tus.Upload(file, {
      endpoint: absolute(endpoint),
      uploadUrl: url ? absolute(url) : null,
      chunkSize: CHUNK,
      retryDelays: AGAIN_MS,
      metadata: { filename: name, sha256: "later" },
      // what is unfinished is asked of the API, which also knows what was begun in another browser
      storeFingerprintForResuming: false,
      onShouldRetry: (error) => isAway(statusOf(error)),
      onUploadUrlAvailable: () => created(new URL(upload.url).pathname),
      onProgress: (bytes) => progress(bytes),
      onSuccess: () => sent(),
      onError: (error) => failed(problemOf(error)),
    });
    signal.addEventListener("abort", () => {
      upload.abort();
      failed(signal.reason);
    });
    upload.start();
  });
}

const absolute = (path) => new URL(path, location.href).href;
const statusOf = (error) => error.originalResponse?.getStatus() ?? 0;

// 409 and 423: another request was at it, and HEAD says where to go on; 429, 507: later
const isAway = (status) => status === 0 || status >= 500 || [409, 423, 429, 460].includes(status);

function problemOf(error) {
  if (!error.originalResponse) return new Problem(0, { detail: "the line is cut: go on when the network is back" });
  try {
    return new Problem(statusOf(error), JSON.parse(error.originalResponse.getBody()));
  } catch {
    return new Problem(statusOf(error), {});
  }
}
