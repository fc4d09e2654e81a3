// Many changes at once are one reason to look again.

const WAIT_MS = 1000;

/** A function that does `action` a second later, once, however often it is called meanwhile. */
export function soon(action) {
  let due = null;
  return () => {
    due ??= setTimeout(() => {
      due = null;
      action();
    }, WAIT_MS);
  };
}
