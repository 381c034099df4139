// How alike two written names are, to say which known one is probably meant. Pure.

/** The share of neighbouring letters that two names have in common, 0 to 1 (Dice). */
export function likeness(one: string, other: string): number {
  const left = pairsOf(one);
  const right = pairsOf(other);
  const pairs = left.length + right.length;
  if (pairs === 0) return 0;
  const shared = left.filter((pair) => {
    const at = right.indexOf(pair);
    if (at >= 0) right.splice(at, 1);
    return at >= 0;
  });
  return (2 * shared.length) / pairs;
}

const pairsOf = (name: string): string[] =>
  Array.from({ length: Math.max(0, name.length - 1) }, (_, at) => name.slice(at, at + 2));

/** The known name that a written one is most like, in any letter case; null where none is that like. */
export function closestName(written: string, known: readonly string[], least: number): string | null {
  const wanted = written.toLowerCase();
  const [best] = known
    .map((name) => ({ name, like: likeness(wanted, name.toLowerCase()) }))
    .toSorted((one, other) => other.like - one.like);
  return best && best.like >= least ? best.name : null;
}
