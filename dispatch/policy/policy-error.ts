/** The one error of a bad policy set. Thrown at start only; it never reaches a client. */

export class PolicyError extends Error {
  override readonly name = "PolicyError";
  /** The file, relative to the policy folder. */
  readonly file: string;
  /** JSON Pointer to the value at fault; "/" is the whole file. */
  readonly path: string;
  readonly reason: string;
  /** The first fault of each further file. */
  readonly others: readonly PolicyError[];

  constructor(
    file: string,
    path: string,
    reason: string,
    { others = [], ...options }: ErrorOptions & { readonly others?: readonly PolicyError[] } = {},
  ) {
    super(`policy file ${file} at ${path}: ${reason}`, options);
    this.file = file;
    this.path = path;
    this.reason = reason;
    this.others = others;
  }
}
