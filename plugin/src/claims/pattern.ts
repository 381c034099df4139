// Long patterns, in lines that can be read.

/** A regular expression of several pieces of source, as `String.raw` has them. */
export const pattern = (flags: string, ...pieces: readonly string[]): RegExp => new RegExp(pieces.join(""), flags);
