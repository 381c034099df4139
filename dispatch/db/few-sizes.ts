// Statements for many rows are written for a few numbers of rows alone, so that a connection prepares few whatever the number,
// and each keeps its plan. A statement more costs Postgres up to 0.17 ms before its first row (an update of tickets opens
// thirteen indexes), a row more 0.03 ms.

/** From large to small; up to 16 rows need two statements at most. */
const exactSizes = [16, 12, 8, 6, 4, 3, 2, 1] as const;
/** From small to large; what is missing to the next one is filled up. */
const filledSizes = [1, 2, 4, 8, 16] as const;
const largest = 16;

export type ExactSize = (typeof exactSizes)[number];
export type FilledSize = (typeof filledSizes)[number];

/** Cuts rows into pieces of exactly the sizes there are, in their order. */
export function inExactPieces<Made>(make: (size: ExactSize) => Made) {
  const made = exactSizes.map((size) => [size, make(size)] as const);
  return <Row, Result>(rows: readonly Row[], use: (made: Made, piece: readonly Row[]) => Result): Result[] => {
    const results: Result[] = [];
    let from = 0;
    for (const [size, one] of made)
      for (; rows.length - from >= size; from += size) results.push(use(one, rows.slice(from, from + size)));
    return results;
  };
}

/** Cuts rows into as few pieces as can be, the last of which is filled up to a size there is. */
export function inFilledPieces<Made>(make: (size: FilledSize) => Made) {
  const made = filledSizes.map((size) => [size, make(size)] as const);
  return <Row, Filling, Result>(
    rows: readonly Row[],
    filling: Filling,
    use: (made: Made, piece: readonly (Row | Filling)[]) => Result,
  ): Result[] => {
    const results: Result[] = [];
    for (let from = 0; from < rows.length; from += largest) {
      const piece: (Row | Filling)[] = rows.slice(from, from + largest);
      const fitting = made.find(([size]) => size >= piece.length);
      if (!fitting) break;
      const [size, one] = fitting;
      while (piece.length < size) piece.push(filling);
      results.push(use(one, piece));
    }
    return results;
  };
}

/** `$1, $2, …`, so many from one on. */
export const placeholders = (count: number, from = 1): string =>
  Array.from({ length: count }, (_, i) => `$${from + i}`).join(", ");
