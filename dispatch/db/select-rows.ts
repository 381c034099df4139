// Rows by their keys, many at once, by one statement for a few numbers of keys: for a list of unknown length Postgres plans at
// each call, which costs it more than finding the rows.

import { inFilledPieces, placeholders, type FilledSize } from "./few-sizes.ts";
import type { Session } from "./transaction.ts";
import { statement, type StatementName } from "./statement.ts";

/** Queues the selection; the rows come in no particular order. */
export type SelectRows<Row extends object> = (tx: Session, keys: readonly string[]) => Promise<Row[]>;

/** The names of statements that return such rows, without the number of keys behind them. */
type BaseName<Row extends object> =
  StatementName<Row> extends infer Name ? (Name extends `${infer Base}_1` ? Base : never) : never;

/**
 * @param name of the statements, with the number of keys behind it
 * @param text of a statement for the keys at these places: `$1, $2`
 */
export function selectRows<Row extends object>(
  name: BaseName<NoInfer<Row>>,
  text: (keys: string) => string,
): SelectRows<Row> {
  const nameFor = (size: FilledSize) => `${name}_${size}` as StatementName<Row>;
  const pieces = inFilledPieces((size) => statement<Row>(nameFor(size), text(placeholders(size))));
  return async (tx, keys) => (await Promise.all(pieces(keys, null, (sql, piece) => tx.rows(sql, piece)))).flat();
}
