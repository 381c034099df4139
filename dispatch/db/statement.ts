// A named SQL statement with the shape of its rows: prepared once per connection, text kept beside its owner.

export type Statement<Row extends object = Record<string, unknown>> = {
  readonly name: string;
  readonly text: string;
  /** Carries the row type only; never set. */
  readonly row?: Row | undefined;
};

/** Declares a statement. Parameters are always $1, $2 …; the text is never put together from parts of a request. */
export function statement<Row extends object = Record<string, unknown>>(name: string, text: string): Statement<Row> {
  return { name, text };
}
