// Insertions whose columns are listed once, one row at a time or many. Parameters of their own cost Postgres 18 µs a row of 18
// columns, the same rows as one JSON document or as arrays 23 to 120 µs.

import { inExactPieces, placeholders } from "./few-sizes.ts";
import type { Session } from "./transaction.ts";
import { statement, type Statement } from "./statement.ts";

/** Queues the rows' insertion, in their order. */
export type InsertRows<Row> = (tx: Session, rows: readonly Row[]) => Promise<unknown>[];

/**
 * @param name of the statements, with the number of rows behind it
 * @param columns of the table; a row has a value for each, JSON as its text
 */
export function insertRows<Row>(
  name: string,
  table: string,
  columns: readonly (keyof Row & string)[],
): InsertRows<Row> {
  const pieces = inExactPieces((size) => insertion(`${name}_${size}`, table, columns, size));
  return (tx, rows) =>
    pieces(rows, (sql, piece) =>
      tx.row(
        sql,
        piece.flatMap((row) => columns.map((column) => row[column])),
      ),
    );
}

/**
 * A row at a time, by a statement of the name itself.
 * @param columns of the table that are written; a row has a value for each, JSON as its text
 */
export function insertRow<const Column extends string>(
  name: string,
  table: string,
  columns: readonly Column[],
): (tx: Session, row: Readonly<Record<Column, unknown>>) => Promise<unknown> {
  const sql = insertion(name, table, columns, 1);
  const valuesOf = (row: Readonly<Record<Column, unknown>>) => columns.map((column) => row[column]);
  return (tx, row) => tx.row(sql, valuesOf(row));
}

function insertion(name: string, table: string, columns: readonly string[], size: number): Statement {
  const row = (at: number) => `(${placeholders(columns.length, at * columns.length + 1)})`;
  const rows = Array.from({ length: size }, (_, at) => row(at)).join(", ");
  return statement(name, `INSERT INTO ${table} (${columns.join(", ")}) VALUES ${rows}`);
}
