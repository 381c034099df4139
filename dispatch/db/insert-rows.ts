// Insertions whose columns are listed once, one row at a time or many. Many go by few statements: each inserts 16, 8, 4, 2 or
// 1 of them, so that a connection prepares five at most whatever the number. Parameters of their own cost Postgres 18 µs a row
// of 18 columns, the same rows as one JSON document or as arrays 23 to 120 µs.

import type { Session } from "./transaction.ts";
import { statement, type Statement } from "./statement.ts";

const sizes = [16, 8, 4, 2, 1] as const;

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
  const bySize = new Map(sizes.map((size) => [size, insertion(`${name}_${size}`, table, columns, size)] as const));
  return (tx, rows) => {
    const queued: Promise<unknown>[] = [];
    let from = 0;
    for (const size of sizes) {
      const sql = bySize.get(size);
      for (; sql && rows.length - from >= size; from += size) {
        const values = rows.slice(from, from + size).flatMap((row) => columns.map((column) => row[column]));
        queued.push(tx.row(sql, values));
      }
    }
    return queued;
  };
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
  const row = (at: number) => `(${columns.map((_, i) => `$${at * columns.length + i + 1}`).join(", ")})`;
  const rows = Array.from({ length: size }, (_, at) => row(at)).join(", ");
  return statement(name, `INSERT INTO ${table} (${columns.join(", ")}) VALUES ${rows}`);
}
