// Shows the page anew when it has become old: the server says so in a stream of events. While nothing happens, and while
// nobody looks, nothing is asked. When the stream breaks, the page asks by itself, ever more seldom, until it is back.
// Flower asks for this on its start page, where its list of workers would be; a page of ours stands there.
var autorefresh = 0;
(function () {
  // milliseconds
  const LONGEST = 60000, SILENT = 50000, STEADY = 20000, BUSY = 1000;
  const page = () => document.getElementById("crobot-page");
  const told = () => page().dataset;
  let stream = null, address = "", openedAt = 0, heardAt = 0, shownAt = Date.now();
  let isOld = false, failures = 0, timer = 0, silence = 0;

  function listen() {
    if (document.hidden || stream || !told().live) return;
    address = told().live;
    openedAt = heardAt = Date.now();
    stream = new EventSource(address + "&seen=" + told().seen);
    stream.addEventListener("beat", () => { heardAt = Date.now(); });
    for (const word of ["changed", "away"]) stream.addEventListener(word, grownOld);
    stream.onerror = broken;
    // a connection that was lost on the way says nothing, not even that
    silence = setInterval(() => { if (Date.now() - heardAt > SILENT) broken(); }, SILENT / 2);
  }

  function leave() {
    clearInterval(silence);
    if (stream) stream.close();
    stream = null;
  }

  function broken() {
    leave();
    failures = Date.now() - openedAt > STEADY ? 1 : failures + 1;
    wake(distance());
  }

  // 2, 4, 8 … 60 s, and not all pages at once
  const distance = () => Math.min(LONGEST, 1000 * 2 ** failures) * (0.75 + Math.random() / 2);

  function grownOld() {
    heardAt = Date.now();
    isOld = true;
    wake(Math.max(0, 1000 * told().leastS - (Date.now() - shownAt)));
  }

  function wake(milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(turn, milliseconds);
  }

  async function turn() {
    if (document.hidden) return;
    // who writes into a field, has ticked or opened something, is not to lose it
    if (page().contains(document.activeElement) || page().querySelector("details[open], input:checked")) return wake(BUSY);
    isOld = false;
    try {
      await renew();
    } catch {
      failures += 1;
      return wake(distance());
    }
    if (stream && Date.now() - openedAt > STEADY) failures = 0;
    listen();
    if (isOld) grownOld();
    else if ("away" in told()) { failures += 1; wake(distance()); }
    else if (Number(told().againS)) wake(1000 * told().againS);
  }

  async function renew() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("crobot-page");
    if (!found) throw new Error("no page of ours");
    shownAt = Date.now();
    show(found);
    // the page that says why there is none is told by the same stream that it is old
    if (!("away" in told()) && told().live !== address) leave();
  }

  // only what has changed is replaced, so that nothing else jumps
  function show(found) {
    const old = page();
    if (old.children.length !== found.children.length) return old.replaceWith(found);
    for (const name of Object.keys(old.dataset)) delete old.dataset[name];
    Object.assign(old.dataset, found.dataset);
    [...found.children].forEach((part, at) => { if (!part.isEqualNode(old.children[at])) old.children[at].replaceWith(part); });
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) { leave(); clearTimeout(timer); return; }
    listen();
    if (isOld || Number(told().againS) || "away" in told()) wake(0);
  });
  addEventListener("pagehide", leave);
  listen();
  if (Number(told().againS)) wake(1000 * told().againS);
})();
