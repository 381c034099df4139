// The directory's import; see case.ts.

import type { importCommands } from "../../../dispatch/contract/import-commands.ts";
import type { CasesFor } from "./case.ts";

const row = { Customer: "Rowe & Sons", Street: "5 Pier Road", City: "Oakland" };

export const importCases = {
  "directory.import": {
    path: "/directory/import",
    roles: ["dispatcher"],
    from: [],
    to: [],
    status: 200,
    body: () => ({ kind: "site", rows: [row], dry_run: true }),
    fields: {
      good: [
        { kind: "site", rows: [row], dry_run: true },
        {
          kind: "site",
          rows: [{ A: "Rowe & Sons", B: "5 Pier Road", C: null, D: 7, E: true }],
          mapping: { A: "account.name", b: "row.address1", C: null },
          source: "odoo",
          row_numbers: [17],
          dry_run: true,
          skip_refused: false,
          coming: [{ kind: "account", source: "odoo", external_ids: ["17"], names: ["rowe & sons"] }, { kind: "site" }],
        },
        { kind: "account", rows: [{ Name: "Rowe & Sons" }], skip_refused: true },
        { kind: "account", rows: [{ Phone: "none" }] },
      ],
      bad: [
        [{ kind: undefined }, "kind"],
        [{ kind: "customer" }, "kind"],
        [{ rows: undefined }, "rows"],
        [{ rows: [] }, "rows"],
        [{ rows: ["Rowe"] }, "rows"],
        [{ rows: [{ Customer: ["Rowe"] }] }, "rows"],
        [{ rows: Array.from({ length: 2_001 }, () => ({})) }, "rows"],
        [{ mapping: { Customer: 7 } }, "mapping"],
        [{ mapping: { Customer: "account.nickname" } }, "mapping"],
        [{ source: "" }, "source"],
        [{ source: "x".repeat(81) }, "source"],
        [{ row_numbers: [0] }, "row_numbers"],
        [{ row_numbers: [1, 2] }, "row_numbers"],
        [{ dry_run: "yes" }, "dry_run"],
        [{ coming: [{ kind: "contact", external_ids: ["17"] }] }, "coming"],
        [{ coming: [{ kind: "account", external_ids: [""] }] }, "coming"],
        [{ coming: [{ kind: "account", external_ids: ["17"] }], dry_run: false }, "coming"],
        [{ skip_refused: 1 }, "skip_refused"],
      ],
    },
    scope: {
      by: "desk",
      reason:
        "what a row names beyond the caller's scope is refused by its row number, and twins there are not told of",
      ask: () => ({ body: { kind: "site", rows: [row], dry_run: true } }),
    },
  },
} as const satisfies CasesFor<keyof typeof importCommands>;
