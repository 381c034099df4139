// Statements for many rows are written for a few numbers of rows alone, so that a connection prepares five at most
// whatever the number, and each keeps its plan.

export const sizes = [16, 8, 4, 2, 1] as const;
export type Size = (typeof sizes)[number];

/** One of something for each size. */
export type BySize<T> = ReadonlyMap<Size, T>;

export const bySize = <T>(make: (size: Size) => T): BySize<T> => new Map(sizes.map((size) => [size, make(size)]));

/** Cuts rows into pieces of those sizes, in their order, and uses what was made for each size. */
export function inPieces<Row, T, Result>(
  made: BySize<T>,
  rows: readonly Row[],
  use: (one: T, piece: readonly Row[]) => Result,
): Result[] {
  const results: Result[] = [];
  let from = 0;
  for (const [size, one] of made)
    for (; rows.length - from >= size; from += size) results.push(use(one, rows.slice(from, from + size)));
  return results;
}

/** `$1, $2, …`, so many from one on. */
export const placeholders = (count: number, from = 1): string =>
  Array.from({ length: count }, (_, i) => `$${from + i}`).join(", ");
