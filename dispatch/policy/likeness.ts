// How alike two written names are, to say which known one is probably meant. Pure.

/** The share of neighbouring letters that two names have in common, 0 to 1 (Dice). */
export const likeness = (one: string, other: string): number => shareOf(pairsOf(one), one, other);

type Pairs = ReadonlyMap<string, number>;

/** How often each two letters are neighbours in a name. */
function pairsOf(name: string): Pairs {
  const pairs = new Map<string, number>();
  for (let at = 0; at + 1 < name.length; at++) {
    const pair = name.slice(at, at + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return pairs;
}

function shareOf(pairs: Pairs, one: string, other: string): number {
  const count = pairsIn(one) + pairsIn(other);
  if (count === 0) return 0;
  const left = new Map<string, number>();
  let shared = 0;
  for (let at = 0; at + 1 < other.length; at++) {
    const pair = other.slice(at, at + 2);
    const times = left.get(pair) ?? pairs.get(pair) ?? 0;
    if (times === 0) continue;
    left.set(pair, times - 1);
    shared++;
  }
  return (2 * shared) / count;
}

const pairsIn = (name: string): number => Math.max(0, name.length - 1);

/** The known name that a written one is most like, in any letter case; null where none is that like. */
export function closestName(written: string, known: readonly string[], least: number): string | null {
  const wanted = written.toLowerCase();
  const pairs = pairsOf(wanted);
  let best: { readonly name: string; readonly like: number } | null = null;
  for (const name of known) {
    const like = shareOf(pairs, wanted, name.toLowerCase());
    if (like >= least && like > (best?.like ?? -1)) best = { name, like };
  }
  return best?.name ?? null;
}
