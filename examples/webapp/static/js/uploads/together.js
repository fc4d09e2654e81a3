// Two things that are done at a time.

/** `begin(signal)` begins both, and returns their promises; if one goes wrong, or `stop` says so, the other is ended, too. */
export async function together(stop, begin) {
  const failed = new AbortController();
  const both = begin(AbortSignal.any([stop, failed.signal]));
  try {
    await Promise.all(both);
  } finally {
    failed.abort(new Error("the other one has ended"));
    await Promise.allSettled(both);
  }
}
