// ops/reference/billing-export-columns.md: what stands in the columns of an export for accounting.

import { accountingColumns } from "../../dispatch/money/accounting-csv.ts";
import { code, made, table } from "./markdown.ts";

/** ops/reference/billing-export-columns.md */
export function billingExportPage(): string {
  const columns = accountingColumns.map(({ name, about }) => [code(name), about]);
  return `${made}

# Columns of an export for accounting

\`GET /billing/export.csv\`, the tool \`billing.export\` and \`pnpm dispatch:billing:export\` write these, a row to each line of an
invoice or a credit note. A document of no lines is one row without them.

- UTF-8 with a byte order mark, commas, lines as RFC 4180 ends them, a header. Texts are quoted; numbers have a point and no separators.
- A day is the one printed on the document: that of the place where the work was done when it was issued.
- Amounts are those of the document. Those of a credit note are what it takes off, so they are above nothing; \`balance_change\` has the
  sign by which a column may be added up.
- A text that a spreadsheet would compute (it begins with \`=\`, \`+\`, \`-\` or \`@\`, a tab or a line break) has an apostrophe before it.
- The same days are the same bytes once they are over: an issued document does not change. Which customer it belongs to, and the
  customer's id in another system, are as the directory has them now.

${table(["column", "what it is"], columns)}
`;
}
