// dispatch/db/statement-rows.generated.ts: what Postgres says of the rows of every statement, by which the compiler checks
// the row types that are declared for them.

import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type pg from "pg";
import { declaredStatements, type Statement } from "../../dispatch/db/statement.ts";

const root = join(import.meta.dirname, "../..");

/** Every statement of the product; the modules that declare some are loaded for it. */
export async function loadStatements(): Promise<readonly Statement<object>[]> {
  for await (const file of glob("dispatch/**/*.ts", { cwd: root })) {
    const path = join(root, file);
    if (/\b(?:statement|insertRows?|selectRows|updateRows)(?:<[^(]*>)?\(/.test(await readFile(path, "utf8")))
      await import(pathToFileURL(path).href);
  }
  return declaredStatements();
}

type Told = { readonly parameters: readonly number[]; readonly columns: readonly pg.FieldDef[] };

/** What Postgres knows of a statement without running it. */
export const describe = (client: pg.Client, { name, text }: Statement<object>): Promise<Told> =>
  new Promise((resolve, reject) => {
    let parameters: readonly number[] = [];
    let columns: readonly pg.FieldDef[] = [];
    const hear = ({ dataTypeIDs }: { readonly dataTypeIDs: readonly number[] }) => (parameters = dataTypeIDs);
    // pg knows no query that only describes; like pg-cursor this is one of a class of its own.
    client.query({
      submit: (connection: pg.Connection) => {
        connection.once("parameterDescription", hear);
        connection.parse({ name: "", text, types: [] }, true);
        connection.describe({ type: "S", name: "" }, true);
        connection.sync();
      },
      handleRowDescription: ({ fields }: { readonly fields: readonly pg.FieldDef[] }) => (columns = fields),
      handleError: (error: Error, connection: pg.Connection) => {
        connection.off("parameterDescription", hear);
        reject(new Error(`${name}: ${error.message}`, { cause: error }));
      },
      handleReadyForQuery: () => resolve({ parameters, columns }),
    });
  });

/** What the readers of dispatch/db/columns.ts make of each type; tests/db/statements.test.ts reads a value of each. */
export const typesRead: Readonly<Record<string, string>> = {
  bool: "boolean",
  int2: "number",
  int4: "number",
  int8: "number",
  float8: "number",
  text: "string",
  name: "string",
  uuid: "string",
  timestamptz: "string",
  _text: "readonly string[]",
  _uuid: "readonly string[]",
  _int4: "readonly number[]",
  json: "unknown",
  jsonb: "unknown",
  void: "unknown",
};

type Catalog = {
  /** Names of types by their numbers. */
  readonly types: ReadonlyMap<number, string>;
  /** Columns of tables that may hold null, each as the table's number and its own. */
  readonly nullable: ReadonlySet<string>;
};

async function readCatalog(client: pg.Client): Promise<Catalog> {
  const types = await client.query<{ oid: number; typname: string }>("SELECT oid, typname FROM pg_type");
  const columns = await client.query<{ place: string }>(
    `SELECT attrelid || '.' || attnum AS place
     FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relkind IN ('r', 'p') AND NOT attnotnull`,
  );
  return {
    types: new Map(types.rows.map(({ oid, typname }) => [oid, typname])),
    nullable: new Set(columns.rows.map(({ place }) => place)),
  };
}

function typeOf({ name, text }: Statement<object>, column: pg.FieldDef, { types, nullable }: Catalog): string {
  const known = types.get(column.dataTypeID) ?? "";
  const type = typesRead[known];
  if (type === undefined) throw new Error(`${name}: what is read of the type ${known} is not in typesRead`);
  const mayBeNull = nullable.has(`${column.tableID}.${column.columnID}`) && !/\bis\s+not\s+null\b/i.test(text);
  return mayBeNull && type !== "unknown" ? `${type} | null` : type;
}

const head = `// Written by \`pnpm generate\`: the rows of every statement, as a migrated Postgres describes them. Null is told for columns
// of tables that may hold it; of what an expression or an outer join makes, Postgres does not say.

export type StatementRows = {
`;

/** The file's text, in the formatter's form. */
export async function statementRowsFile(client: pg.Client): Promise<string> {
  const catalog = await readCatalog(client);
  let text = head;
  for (const one of (await loadStatements()).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const members = (await describe(client, one)).columns.map(
      (column) => `${column.name}: ${typeOf(one, column, catalog)}`,
    );
    const line = `  ${one.name}: { ${members.join("; ")} };\n`;
    if (members.length === 0) continue;
    text +=
      line.length <= 121 ? line : `  ${one.name}: {\n${members.map((member) => `    ${member};\n`).join("")}  };\n`;
  }
  return `${text}};\n`;
}
