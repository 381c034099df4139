// What an action of `pnpm dispatch:policy` has to say: for programs, and for people.

export type Said = { readonly result: object; readonly lines: readonly string[] };
