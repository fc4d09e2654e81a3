// Genomes that the user has chosen, of one species: kept while they turn pages, until the window is closed.

/** The chosen genomes: barcode → name of the strain. */
export function chosenOf(species) {
  const key = `chosen ${species}`;
  const genomes = new Map(JSON.parse(sessionStorage.getItem(key) ?? "[]"));
  const keep = () => sessionStorage.setItem(key, JSON.stringify([...genomes]));
  return {
    get size() { return genomes.size; },
    has: (barcode) => genomes.has(barcode),
    barcodes: () => [...genomes.keys()],
    /** [[barcode, strain] …] in the order of choosing */
    all: () => [...genomes],
    set(barcode, strain, is) {
      if (is) genomes.set(barcode, strain);
      else genomes.delete(barcode);
      keep();
    },
    clear() {
      genomes.clear();
      keep();
    },
  };
}
