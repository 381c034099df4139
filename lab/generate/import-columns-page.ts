// ops/reference/import-columns.md: what dispatch:import knows of columns, and what a mapping may name.

import { importFields, importKinds } from "../../dispatch/directory/import/import-fields.ts";
import { knownPrograms } from "../../dispatch/directory/import/known-columns.ts";
import { technicianFields } from "../../dispatch/ops/import/technicians/fields.ts";
import { code, made, table } from "./markdown.ts";

/** ops/reference/import-columns.md */
export function importColumnsPage(): string {
  const fields = importFields.map(({ name, column, reading, about }) => [
    code(name),
    column === null ? "–" : column,
    reading,
    about,
  ]);
  const programs = knownPrograms.map(({ program, columns }) => {
    const rows = Object.entries(columns).map(([column, field]) => [column, code(field)]);
    return `### ${program === "any" ? "Any program" : program}\n\n${table(["column", "field"], rows)}`;
  });
  const technicians = technicianFields.map(({ name, columns, about, kept }) => [
    code(name),
    columns.join(", "),
    kept ? about : `${about}. Not kept`,
  ]);
  return `${made}

# Columns of an import

\`pnpm dispatch:import\` and \`directory.import\` know a column by its name, in any letter case and with any blanks, dots and hyphens. What
they do not know is left out, and said so. A mapping says what else a column is:

\`\`\`json
{
  "kind": "site",
  "source": "lexware",
  "header_row": 4,
  "columns": { "Betreuer": null, "Objektname": "site.name", "Bez.": "row.name" },
  "constants": { "site.country": "DE", "site.timezone": "Europe/Berlin" }
}
\`\`\`

All of it may be left out. \`columns\` gives the field of a column, null for one to leave out; \`row.\` stands for the kind that each row is
of (${importKinds.map(code).join(", ")}). \`constants\` are fields that every row has alike, where it does not say otherwise.

## Fields

The column is what an export calls it, and an import knows too.

${table(["field", "column", "reads", "what it is"], fields)}

## Technicians

Fields of \`--kind technicians\`, and the columns that are known for each. Zones, skills and tools are held to those of the live rules
and the roster: blanks, hyphens and letter case do not matter, what is nearly a known name is refused with that name, and any
other is new.

${table(["field", "known columns", "what it is"], technicians)}

## Known columns

Where two programs call different things by one name, the usual meaning counts.

${programs.join("\n\n")}
`;
}
