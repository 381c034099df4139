// A statement of a test's own, about tables that no migration makes; those of the product are checked against the schema.

import type { Statement } from "../../dispatch/db/statement.ts";

export const testStatement = <Row extends object = Record<string, unknown>>(
  name: string,
  text: string,
): Statement<Row> => ({ name, text });
