// Shows the page as it is now, every few seconds while somebody looks at it; where that is not wanted nothing is asked.
// Flower asks for this on its start page, where its list of workers would be; a page of ours stands there.
var autorefresh = 0;
(function () {
  const page = () => document.getElementById("crobot-page");

  async function again() {
    const wanted = Number(page().dataset.againS);
    if (!wanted) return;
    await new Promise((go) => setTimeout(go, 1000 * wanted));
    // who writes into a field, has ticked or opened something, is not to lose it
    const busy = page().contains(document.activeElement) || page().querySelector("details[open], input:checked");
    if (!document.hidden && !busy) await renew().catch(() => {});
    again();
  }

  async function renew() {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("crobot-page");
    if (found) page().replaceWith(found);
  }

  again();
})();
