// Updates of many rows by their keys, each with values of its own, by one statement for a few numbers of rows.

import { inFilledPieces, placeholders } from "./few-sizes.ts";
import type { Session } from "./transaction.ts";
import { statement } from "./statement.ts";

export type UpdatedColumns<Row> = {
  /** The key and its type, as Postgres calls it. */
  readonly key: readonly [column: keyof Row & string, type: string];
  /** The columns that are set, with their types; a row has a value for each, JSON as its text. */
  readonly set: Readonly<Partial<Record<keyof Row & string, string>>>;
  /** Further assignments; `new` is the row of values, the table's own columns are those of before. */
  readonly also?: string;
};

/** Queues the update of rows, of which no two may have one key. */
export type UpdateRows<Row> = (tx: Session, rows: readonly Row[]) => Promise<unknown>[];

/** @param name of the statements, with the number of rows behind it */
export function updateRows<Row>(
  name: string,
  table: string,
  { key: [key, keyType], set, also }: UpdatedColumns<Row>,
): UpdateRows<Row> {
  const columns = Object.entries<string | undefined>(set) as [keyof Row & string, string][];
  const names = [key, ...columns.map(([column]) => column)];
  const types = [keyType, ...columns.map(([, type]) => type)];
  const assignments = [...columns.map(([column]) => `${column} = new.${column}`), ...(also ? [also] : [])].join(", ");
  // Postgres gives a column of VALUES the type that its first row says.
  const first = `(${types.map((type, i) => `$${i + 1}::${type}`).join(", ")})`;
  const row = (at: number) => (at === 0 ? first : `(${placeholders(names.length, at * names.length + 1)})`);
  const pieces = inFilledPieces((size) =>
    statement(
      `${name}_${size}`,
      `UPDATE ${table} SET ${assignments}
       FROM (VALUES ${Array.from({ length: size }, (_, at) => row(at)).join(", ")}) AS new (${names.join(", ")})
       WHERE ${table}.${key} = new.${key}`,
    ),
  );
  return (tx, rows) =>
    pieces(rows, null, (sql, piece) =>
      tx.row(
        sql,
        // A row without a key is nobody's.
        piece.flatMap((one) => names.map((column) => one?.[column] ?? null)),
      ),
    );
}
