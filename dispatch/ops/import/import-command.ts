// `pnpm dispatch:import FILE…`: customers, sites, people and assets of other programs' files, through the API like anybody's command.

import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { importKinds, isImportKind, type ImportKind } from "../../directory/import/import-fields.ts";
import { abortOnSignal } from "../../process/abort-on-signal.ts";
import { CommandFailure, runCommand } from "../../process/command-line.ts";
import { readSettings, type Settings } from "../../process/settings.ts";
import { apiAddress } from "../alerts/address.ts";
import { deskSecret } from "../token/desk-secret.ts";
import { makeToken } from "../token/token.ts";
import { batchesOf } from "./batches.ts";
import { ComingRecords } from "./coming-records.ts";
import { importClient, type ImportClient } from "./import-client.ts";
import { describeTable, ImportTotals } from "./import-report.ts";
import { noMapping, readMapping, type MappingFile } from "./mapping-file.ts";
import { readTables } from "./read-table.ts";
import { rowsToImport, type RowsToImport } from "./table-rows.ts";
import { TableError, type Table } from "./table.ts";

export const importCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:import",
      about:
        "Takes customers, sites, people and assets over from CSV files and workbooks (.xlsx) of other programs. What the columns " +
        "are is known by their names, or said by --mapping. All rows are checked before the first is written; a row that " +
        "cannot be used is named, and nothing is written unless --skip-refused. Running it again changes only what changed.",
      operands: { "FILE…": "one or several; customers are taken before sites, and those before people and assets" },
      options: {
        kind: { type: "string" },
        mapping: { type: "string" },
        "dry-run": { type: "boolean" },
        "skip-refused": { type: "boolean" },
        source: { type: "string" },
        sheet: { type: "string" },
        url: { type: "string" },
        "token-file": { type: "string" },
      },
      meanings: {
        kind: `what each row is: ${importKinds.join(", ")}; by its columns unless given`,
        mapping: "a JSON file that says which column is which field; ops/reference/import-columns.md",
        "dry-run": "write nothing, and say what would happen",
        "skip-refused": "leave out rows that cannot be used, and take the others",
        source: "which system the files are from, for ids of it; import unless given",
        sheet: "the one sheet of a workbook; all that are visible unless given",
        url: "the API; otherwise DISPATCH_API_HOST and DISPATCH_API_PORT, otherwise the stack's",
        "token-file": "a file with a bearer token of a dispatcher; otherwise one is signed with the desk's own secret",
      },
    },
    async (values, files) => {
      const settings = readSettings();
      const kind = kindIn(values.kind);
      const mapping = values.mapping === undefined ? noMapping : await readMapping(values.mapping);
      const parts = (await Promise.all(files.map((path) => partsOf(path, values.sheet, mapping, kind)))).flat();
      parts.sort((a, b) => importKinds.indexOf(a.rows.kind) - importKinds.indexOf(b.rows.kind));
      const { url } = apiAddress(values.url, settings);
      const run: Run = {
        client: importClient(url, await tokens(settings, values["token-file"])),
        mapping,
        source: values.source ?? mapping.source ?? "import",
        skipRefused: values["skip-refused"] ?? false,
        signal: abortOnSignal(() => console.error("Stopping behind the rows that are under way…")),
      };
      return importAll(parts, run, values["dry-run"] ?? false);
    },
  );

type Part = { readonly path: string; readonly table: Table; readonly rows: RowsToImport };
type Run = {
  readonly client: ImportClient;
  readonly mapping: MappingFile;
  readonly source: string;
  readonly skipRefused: boolean;
  readonly signal: AbortSignal;
};

/** Every part is looked at before the first is written, a later one with what earlier ones will have made. */
async function importAll(parts: readonly Part[], run: Run, dryRun: boolean): Promise<number> {
  const checked = new Map<Part, ImportTotals>();
  const coming = new ComingRecords(run.source);
  for (const part of parts) {
    const totals = await send(part, run, coming);
    checked.set(part, totals);
    coming.add(part.rows, run.mapping.constants, new Set(totals.refused.map(({ row }) => row)));
  }
  const refused = [...checked.values()].reduce((count, { refusedRows }) => count + refusedRows, 0);
  if (dryRun || (refused > 0 && !run.skipRefused)) {
    for (const [part, totals] of checked) show(part, totals);
    console.log(
      dryRun
        ? "Nothing was written: this was a dry run."
        : "Nothing was written, since rows cannot be used. Put them right, or leave them out with --skip-refused.",
    );
    return refused > 0 && !run.skipRefused ? 1 : 0;
  }
  for (const part of parts) show(part, await send(part, run, null));
  return 0;
}

function show(part: Part, totals: ImportTotals): void {
  console.log([...describeTable(part.path, part.table, part.rows), ...totals.lines(), ""].join("\n"));
}

/** @param coming for a dry run; null writes */
async function send(
  part: Part,
  { client, mapping, source, skipRefused, signal }: Run,
  coming: ComingRecords | null,
): Promise<ImportTotals> {
  const dryRun = coming !== null;
  const totals = new ImportTotals();
  const all = part.rows.rows.length;
  for (const { body, lastLine } of batchesOf(part.rows, mapping, {
    source,
    dryRun,
    skipRefused,
    ...(coming && { coming }),
  })) {
    if (signal.aborted) throw stopped(part, totals, dryRun);
    const answer = await client(body);
    totals.add(answer);
    // Somebody may have changed the desk since it was checked.
    if (!dryRun && !answer.applied)
      throw new CommandFailure(
        [
          ...totals.lines(),
          `${part.path}: rows up to ${lastLine} came to this and the last of them were not written; see above.`,
        ].join("\n"),
      );
    console.error(
      `${dryRun ? "checked" : "written"} ${totals.rows.toLocaleString("en-US")} of ${all.toLocaleString("en-US")} rows of ${part.path}`,
    );
  }
  return totals;
}

const stopped = ({ path }: Part, { rows }: ImportTotals, dryRun: boolean): CommandFailure =>
  new CommandFailure(
    dryRun
      ? "Interrupted. Nothing was written."
      : `Interrupted. ${rows.toLocaleString("en-US")} rows of ${path} are written, whole. Run it again to go on; it changes none ` +
          "of those.",
  );

async function partsOf(
  path: string,
  sheet: string | undefined,
  mapping: MappingFile,
  kind: ImportKind | null,
): Promise<Part[]> {
  try {
    const tables = await readTables(path);
    const wanted = sheet === undefined ? tables : tables.filter((table) => table.sheet === sheet);
    if (wanted.length === 0)
      throw new TableError(`${path}: ${sheet === undefined ? "There is nothing in it." : noSheet(sheet, tables)}`);
    const several = wanted.length > 1;
    return wanted.flatMap((table) => {
      try {
        return [{ path, table, rows: rowsToImport(table, mapping, kind) }];
      } catch (error) {
        if (!(error instanceof TableError)) throw error;
        // A workbook has sheets of notes and sums beside the one that matters.
        if (!several) throw new TableError(`${path}: ${error.message}`);
        console.error(`${path}: sheet ${table.sheet ?? ""} is left out. ${error.message}`);
        return [];
      }
    });
  } catch (error) {
    if (error instanceof TableError) throw new CommandFailure(error.message);
    if (error instanceof Error && "syscall" in error)
      throw new CommandFailure(`${path} cannot be read: ${error.message}`);
    throw error;
  }
}

const noSheet = (sheet: string, tables: readonly Table[]): string =>
  `There is no sheet ${sheet} with anything in it; there are ${tables.map((one) => one.sheet ?? "").join(", ") || "none"}.`;

/** @throws CommandFailure */
function kindIn(text: string | undefined): ImportKind | null {
  if (text === undefined) return null;
  if (isImportKind(text)) return text;
  throw new CommandFailure(`--kind must be one of ${importKinds.join(", ")}, not ${text}`);
}

/** @throws CommandFailure where there is nothing to sign with */
async function tokens(settings: Settings, file: string | undefined): Promise<() => Promise<string>> {
  if (file !== undefined) {
    const token = (await readFile(file, "utf8")).trim();
    return () => Promise.resolve(token);
  }
  const key = await deskSecret(settings);
  if (key === null)
    throw new CommandFailure(
      `There is no secret to sign a token with in the settings or in ${settings.dataDir}. Give one with --token-file; ` +
        "pnpm dispatch:token says how one is made.",
    );
  const who = {
    actor: operator(),
    role: "dispatcher",
    type: "HUMAN",
    techId: null,
    accounts: "*",
    sites: "*",
    seconds: 300,
  };
  return () => makeToken(who, key.secret, settings);
}

/** A container's user may have none. */
function operator(): string {
  try {
    return userInfo().username;
  } catch {
    return "operator";
  }
}
