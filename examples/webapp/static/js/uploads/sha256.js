// The sha256 of a file that is larger than the memory: piece by piece, and the page stays alive between them.

import "../../vendor/sha256.umd.min.js";

const PIECE = 4 * 1024 * 1024;

/** Return it in hexadecimal; `progress(bytes)` is called after each piece. Ends with an error when `signal` says so. */
export async function sha256(file, signal, progress = () => {}) {
  const sum = await hashwasm.createSHA256();
  sum.init();
  for (let at = 0; at < file.size; at += PIECE) {
    signal.throwIfAborted();
    sum.update(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()));
    progress(Math.min(file.size, at + PIECE));
  }
  return sum.digest("hex");
}
