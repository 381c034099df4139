// Ids for tests that reach no database: short names that a person can read, which none of the product's own ways to an id takes.

import type { Id } from "../../dispatch/contract/ids.ts";

/** A name as the id of the noun a test means by it. */
export const idNamed = <I extends Id>(name: string): I => name as I;
