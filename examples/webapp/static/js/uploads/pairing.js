// Which read files are mates, by their names: x_1 and x_2, x_R1_001 and x_R2_001, x.1 and x.2 …

const MATE = /^(.+?)([._-]R?)([12])((?:_001)?(?:\.(?:fastq|fq))?(?:\.gz)?)$/i;
/** what an Illumina machine adds to the name of a sample */
const OF_THE_RUN = /_S\d+(_L\d{3})?$/;

/** Return {pairs: [{strain, files: [read1, read2]}], alone: [file …]}, in the order of their names. */
export function pairUp(files) {
  const groups = new Map();
  const alone = [];
  for (const file of [...files].sort((one, other) => one.name.localeCompare(other.name, "en", { numeric: true }))) {
    const found = MATE.exec(file.name);
    if (!found) {
      alone.push(file);
      continue;
    }
    const [, base, between, mate, end] = found;
    const key = `${base}${between}${end}`.toLowerCase();
    const group = groups.get(key) ?? { base, files: [null, null] };
    groups.set(key, group);
    if (group.files[mate - 1]) alone.push(file);
    else group.files[mate - 1] = file;
  }
  const pairs = [];
  for (const { base, files: mates } of groups.values()) {
    if (mates[0] && mates[1]) pairs.push({ strain: base.replace(OF_THE_RUN, ""), files: mates });
    else alone.push(mates[0] ?? mates[1]);
  }
  return { pairs, alone };
}

/** The name of a strain for a file whose mate the user will choose. */
export const strainOf = (name) =>
  (MATE.exec(name)?.[1] ?? name.replace(/(\.(fastq|fq))?(\.gz)?$/i, "")).replace(OF_THE_RUN, "");
