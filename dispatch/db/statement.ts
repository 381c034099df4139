// A named SQL statement with the shape of its rows: prepared once per connection, text kept beside its owner.

export type Statement<Row extends object = Record<string, unknown>> = {
  readonly name: string;
  readonly text: string;
  /** Carries the row type only; never set. */
  readonly row?: Row | undefined;
};

/** Postgres cuts longer names off, and two statements could become one. */
const longestName = 63;

/**
 * Declares a statement. Parameters are always $1, $2 …; the text is never put together from parts of a request.
 * @throws RangeError for a name that Postgres would cut off
 */
export function statement<Row extends object = Record<string, unknown>>(name: string, text: string): Statement<Row> {
  if (Buffer.byteLength(name) > longestName) throw new RangeError(`a statement's name is too long: ${name}`);
  return { name, text };
}
