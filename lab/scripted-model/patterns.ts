// Patterns of sentences, put together from readable parts.

/** What any of the parts matches; case does not matter. */
export const eitherOf = (...parts: readonly RegExp[]): RegExp =>
  new RegExp(parts.map(({ source }) => `(?:${source})`).join("|"), "i");
