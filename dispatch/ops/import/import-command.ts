// `pnpm dispatch:import FILE…`: customers, sites, people and assets of other programs' files, through the API like anybody's command.

import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { importKinds, type ImportKind } from "../../directory/import/import-fields.ts";
import { abortOnSignal } from "../../process/abort-on-signal.ts";
import { CommandFailure, runCommand } from "../../process/command-line.ts";
import { configurationFrom, readSettings, type Settings } from "../../process/settings.ts";
import { timeZoneProblem } from "../../workforce/time-zone-name.ts";
import { apiAddress } from "../alerts/address.ts";
import { deskSecret } from "../token/desk-secret.ts";
import { makeToken } from "../token/token.ts";
import { batchesOf } from "./batches.ts";
import { ComingRecords } from "./coming-records.ts";
import { importClient, type ImportClient } from "./import-client.ts";
import { deskCalls } from "./desk-calls.ts";
import { aOf, describeTable, ImportTotals } from "./import-report.ts";
import { noMapping, readMapping, tableKindIn, tableKinds, type MappingFile, type TableKind } from "./mapping-file.ts";
import { readTables } from "./read-table.ts";
import { rowsToImport, type RowsToImport } from "./table-rows.ts";
import { TableError, type Table } from "./table.ts";
import { columnOfTechnicians, importTechnicians, technicianRows } from "./technicians/import-technicians.ts";

export const importCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:import",
      configuration: () => configurationFrom(),
      about:
        "Takes customers, sites, people, assets and, with --kind technicians, the roster over from CSV files and workbooks (.xlsx) " +
        "of other programs. What the columns " +
        "are is known by their names, or said by --mapping. All rows are checked before the first is written; a row that " +
        "cannot be used is named, and nothing is written unless --skip-refused. Running it again changes only what changed.",
      operands: { "FILE…": "one or several; customers are taken before sites, and those before people and assets" },
      options: {
        kind: { type: "string" },
        mapping: { type: "string" },
        "dry-run": { type: "boolean" },
        "skip-refused": { type: "boolean" },
        source: { type: "string" },
        "time-zone": { type: "string" },
        "as-written": { type: "boolean" },
        sheet: { type: "string" },
        url: { type: "string" },
        "token-file": { type: "string" },
      },
      meanings: {
        kind: `what each row is: ${tableKinds.join(", ")}; of all but technicians by its columns unless given`,
        mapping: "a JSON file that says which column is which field; ops/reference/import-columns.md",
        "dry-run": "write nothing, and say what would happen",
        "skip-refused": "leave out rows that cannot be used, and take the others",
        source: "which system the files are from, for ids of it; import unless given",
        "time-zone": "of technicians: the IANA time zone of hours that name none, such as Europe/Berlin",
        "as-written": "of technicians: take skills, tools and zones that are nearly known ones for new ones",
        sheet: "the one sheet of a workbook; all that are visible unless given",
        url: "the API; otherwise DISPATCH_API_HOST and DISPATCH_API_PORT, otherwise the stack's",
        "token-file": "a file with a bearer token of a dispatcher; otherwise one is signed with the desk's own secret",
      },
    },
    async (values, files) => {
      const settings = readSettings();
      const mapping = values.mapping === undefined ? noMapping : await readMapping(values.mapping);
      const kind = kindIn(values.kind) ?? mapping.kind;
      const { url } = apiAddress(values.url, settings);
      const token = () => tokens(settings, values["token-file"]);
      const beside = {
        mapping,
        source: values.source ?? mapping.source ?? "import",
        skipRefused: values["skip-refused"] ?? false,
      };
      const dryRun = values["dry-run"] ?? false;
      const timeZone = values["time-zone"] ?? null;
      const asWritten = values["as-written"] ?? false;
      if (kind === "technician") {
        checkTimeZone(timeZone);
        const parts = await tablesOf(files, values.sheet, (table) => technicianRows(table, mapping));
        const calls = deskCalls({ api: url, token: await token(), what: "the technicians" });
        return importTechnicians(parts, { ...beside, calls, timeZone, asWritten, dryRun, signal: stopSignal() });
      }
      if (timeZone !== null || asWritten)
        throw new CommandFailure(
          `--${timeZone === null ? "as-written" : "time-zone"} is for --kind technicians; ` +
            "a site takes site.timezone of --mapping, else that of its zone's technicians.",
        );
      const parts = await tablesOf(files, values.sheet, (table) => directoryRows(table, mapping, kind));
      parts.sort((a, b) => importKinds.indexOf(a.rows.kind) - importKinds.indexOf(b.rows.kind));
      return importAll(parts, { ...beside, client: importClient(url, await token()), signal: stopSignal() }, dryRun);
    },
  );

/** @throws TableError where the rows are technicians by the looks of it, and nobody said what they are */
function directoryRows(table: Table, mapping: MappingFile, kind: ImportKind | null): RowsToImport {
  const rows = rowsToImport(table, mapping, kind);
  const skills = kind === null ? columnOfTechnicians(rows.columns, mapping) : null;
  if (skills === null) return rows;
  throw new TableError(
    `The column ${skills} looks as if each row were a technician: say --kind technicians. Where they are not, say what they are ` +
      `(--kind ${importKinds.join(", ")}).`,
  );
}

const stopSignal = (): AbortSignal =>
  abortOnSignal(() => console.error("Stopping behind the rows that are under way…"));

/** @throws CommandFailure */
function checkTimeZone(zone: string | null): void {
  const problem = zone === null ? null : timeZoneProblem(zone);
  if (problem !== null) throw new CommandFailure(`--time-zone ${problem}`);
}

type PartOf<R> = { readonly path: string; readonly table: Table; readonly rows: R };
type Part = PartOf<RowsToImport>;
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
  console.log(
    [...describeTable(part.path, part.table, part.rows, aOf(part.rows.kind)), ...totals.lines(), ""].join("\n"),
  );
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
    const answer = await client(body).catch((error: unknown) => {
      if (dryRun || !(error instanceof CommandFailure)) throw error;
      throw new CommandFailure(
        `${error.message}\n${written(part, totals)} When that is mended, run it again to go on.`,
      );
    });
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

const stopped = (part: Part, totals: ImportTotals, dryRun: boolean): CommandFailure =>
  new CommandFailure(
    dryRun
      ? "Interrupted. Nothing was written."
      : `Interrupted. ${written(part, totals)} Run it again to go on; it changes none of those.`,
  );

const written = ({ path }: Part, { rows }: ImportTotals): string =>
  `${rows.toLocaleString("en-US")} rows of ${path} are written, whole.`;

const tablesOf = async <R>(
  files: readonly string[],
  sheet: string | undefined,
  rowsOf: (table: Table) => R,
): Promise<PartOf<R>[]> => (await Promise.all(files.map((path) => partsOf(path, sheet, rowsOf)))).flat();

async function partsOf<R>(path: string, sheet: string | undefined, rowsOf: (table: Table) => R): Promise<PartOf<R>[]> {
  try {
    const tables = await readTables(path);
    const wanted = sheet === undefined ? tables : tables.filter((table) => table.sheet === sheet);
    if (wanted.length === 0)
      throw new TableError(`${path}: ${sheet === undefined ? "There is nothing in it." : noSheet(sheet, tables)}`);
    const several = wanted.length > 1;
    return wanted.flatMap((table) => {
      try {
        return [{ path, table, rows: rowsOf(table) }];
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
function kindIn(text: string | undefined): TableKind | null {
  if (text === undefined) return null;
  const kind = tableKindIn(text);
  if (kind !== null) return kind;
  throw new CommandFailure(`--kind must be one of ${tableKinds.join(", ")}, not ${text}`);
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
