// What may be asked of the directory with many rows at once.

import { defineCommands } from "./entry.ts";
import { line, nullable, oneOf, optional, Type, type Static } from "./fields.ts";

/** So many rows of a file go in one request, as far as its body may be that long. */
export const mostImportRows = 2_000;
/** As many of each list as an answer names. */
export const mostListed = 500;

const kinds = ["account", "site", "contact", "asset"] as const;

const problem = Type.Object({
  row: Type.Integer({ description: "The row's number, as row_numbers has it; else its place in rows, from 1" }),
  field: Type.String({ description: "The field of the record: the kind, a dot, the field" }),
  rule: Type.String(),
  message: Type.String({ description: "A sentence for people" }),
});
const counts = Type.Object({ created: Type.Integer(), changed: Type.Integer(), unchanged: Type.Integer() });

const twin = Type.Object({
  row: Type.Integer(),
  kind: oneOf([...kinds]),
  name: Type.String({ description: "Of the record in the file" }),
  same: Type.String({ description: "What both have: name, address, phone or email" }),
  id: Type.String({ description: "The one on the desk that it looks like" }),
  twin_name: Type.String(),
});

const imported = Type.Object({
  applied: Type.Boolean({
    description: "Whether anything was written: false for a dry run, and where rows were refused",
  }),
  dry_run: Type.Boolean(),
  rows: Type.Integer(),
  created: Type.Integer({ description: "Records that are new, or would be" }),
  changed: Type.Integer(),
  unchanged: Type.Integer(),
  kinds: Type.Object({ account: counts, site: counts, contact: counts, asset: counts }),
  refused_rows: Type.Integer({ description: "How many rows cannot be used" }),
  refused: Type.Array(problem, { description: `Why, the first ${mostListed}` }),
  notes: Type.Array(problem, { description: `What is left out of rows that are used, the first ${mostListed}` }),
  twins: Type.Array(twin, { description: `New records that look like one on the desk, the first ${mostListed}` }),
  columns: Type.Array(Type.Object({ column: Type.String(), field: nullable(Type.String(), "null: it is not used") })),
});
export type Imported = Static<typeof imported>;

const coming = Type.Object({
  kind: oneOf(["account", "site"], "What will be there"),
  source: optional(line(100, { description: "Which system the external ids are of; absent: that of the import" })),
  external_ids: optional(
    Type.Array(line(200), { maxItems: mostImportRows, description: "The ids it will be known by there; absent: none" }),
  ),
  names: optional(
    Type.Array(line(200), { maxItems: mostImportRows, description: "Where rows name it and say no id; absent: none" }),
  ),
});

const cell = Type.Union([Type.String({ maxLength: 32_767 }), Type.Number(), Type.Boolean(), Type.Null()]);

export const importCommands = defineCommands({
  "directory.import": {
    path: "/directory/import",
    roles: ["dispatcher"],
    aggregate: "desk",
    effect: "touches",
    from: [],
    to: [],
    status: 200,
    summary:
      "Take over rows of a table: customers, places, people and things, added or changed as their upserts would. With dry_run it " +
      "only tells what would happen. Where a row cannot be used nothing is written, unless skip_refused is true.",
    said: ["import a customer list", "load customers from a spreadsheet"],
    next: ["directory.search"],
    input: Type.Object({
      kind: oneOf(
        [...kinds],
        "What each row is one of; what else it names comes along: a site with its customer and its contact",
      ),
      rows: Type.Array(Type.Record(line(200), cell), {
        minItems: 1,
        maxItems: mostImportRows,
        description: "Cells by the names of their columns; empty ones change nothing",
      }),
      mapping: optional(
        Type.Record(line(200), nullable(line(60)), {
          description:
            "By a column's name the field it is: the kind, a dot, the field; null leaves it out; absent: columns are known by their names",
        }),
      ),
      source: optional(
        line(80, { description: "Which system the rows are from, so that they are found again; absent: import" }),
      ),
      row_numbers: optional(
        Type.Array(Type.Integer({ minimum: 1, maximum: 10_000_000 }), {
          maxItems: mostImportRows,
          description: "The rows' numbers in their file, for problems to name; absent: 1, 2, …",
        }),
      ),
      dry_run: optional(
        Type.Boolean({ description: "True writes nothing and tells what would happen; absent: false" }),
      ),
      coming: optional(
        Type.Array(coming, {
          maxItems: 100,
          description:
            "Of a dry run: what rows sent before it will have made by then, and counts as being there; absent: nothing",
        }),
      ),
      skip_refused: optional(
        Type.Boolean({
          description: "True leaves out rows that cannot be used and takes the others; absent: all or nothing",
        }),
      ),
    }),
    example: {
      kind: "site",
      rows: [{ Customer: "Acme Retail", Street: "1 Broadway", City: "Oakland", State: "CA", Phone: "(510) 555-0188" }],
      dry_run: true,
    },
    output: imported,
  },
});
