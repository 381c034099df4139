// A named SQL statement with the shape of its rows: prepared once per connection, text kept beside its owner. The compiler
// compares the shape with what Postgres said of the statement when `pnpm generate` described it.

import type { StatementRows } from "./statement-rows.generated.ts";

export type Statement<Row extends object = Record<string, unknown>> = {
  readonly name: string;
  readonly text: string;
  /** Carries the row type only; never set. */
  readonly row?: Row | undefined;
};

/**
 * Whether a column declared as `Declared` can be what comes back. Null must be declared where a column of a table may hold it;
 * elsewhere Postgres does not tell, and it may be. JSON is `unknown`, which any declaration fits.
 */
type HoldsColumn<Told, Declared> = unknown extends Told
  ? true
  : [Declared, Told & null] extends [Told | null, Declared & null]
    ? true
    : false;

type HoldsEach<Told, Declared> = false extends {
  [Column in keyof Told]: HoldsColumn<Told[Column], Declared[Column & keyof Declared]>;
}[keyof Told]
  ? false
  : true;

/** Whether a row is declared with the columns that come back, no more and no fewer, and each with a type that fits. */
type Holds<Told, Declared> = [keyof Told, keyof Declared] extends [keyof Declared, keyof Told]
  ? HoldsEach<Told, Declared>
  : false;

/**
 * The statements whose rows `Row` describes. Where the compiler refuses a name, the row declared for it is not what Postgres
 * returns: compare it with dispatch/db/statement-rows.generated.ts, which `pnpm generate` writes.
 */
export type StatementName<Row extends object> = string extends keyof Row
  ? string
  : { [Name in keyof StatementRows]: Holds<StatementRows[Name], Row> extends true ? Name : never }[keyof StatementRows];

/** Postgres cuts longer names off, and two statements could become one. */
const longestName = 63;

const declared = new Map<string, Statement<object>>();

/** Every statement of the modules that are loaded. */
export const declaredStatements = (): readonly Statement<object>[] => [...declared.values()];

/**
 * Declares a statement. Parameters are always $1, $2 …; the text is never put together from parts of a request.
 * @throws RangeError for a name that Postgres would cut off, or that another statement has
 */
export function statement<Row extends object = Record<string, unknown>>(
  name: StatementName<NoInfer<Row>>,
  text: string,
): Statement<Row> {
  if (Buffer.byteLength(name) > longestName) throw new RangeError(`a statement's name is too long: ${name}`);
  if (declared.has(name)) throw new RangeError(`two statements have the name ${name}`);
  const made = { name, text };
  declared.set(name, made);
  return made;
}
