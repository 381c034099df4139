// Tables of technicians onto the roster: all rows are read and compared before the first command is sent.

import type { MatchedColumn } from "../../../directory/import/match-columns.ts";
import { CommandFailure } from "../../../process/command-line.ts";
import type { DeskCalls } from "../desk-calls.ts";
import { describeTable, listOf } from "../import-report.ts";
import type { MappingFile } from "../mapping-file.ts";
import { cellsOf } from "../row-cells.ts";
import { rowsIn, type TableRows } from "../table-rows.ts";
import type { Table } from "../table.ts";
import { readDesk, writeStep } from "./desk.ts";
import { technicianDraft, type Problem } from "./drafts.ts";
import { matchTechnicianColumns, technicianFieldNamed } from "./fields.ts";
import { planTechnicians, type Step, type TechnicianPlan } from "./plan.ts";

export type TechnicianPart = { readonly path: string; readonly table: Table; readonly rows: TableRows };

export type TechnicianRun = {
  readonly calls: DeskCalls;
  readonly mapping: MappingFile;
  readonly source: string;
  readonly timeZone: string | null;
  readonly asWritten: boolean;
  readonly skipRefused: boolean;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
};

/** @throws TableError where no column is known */
export const technicianRows = (table: Table, mapping: MappingFile): TableRows =>
  rowsIn(table, mapping.headerRow, (names) => matchTechnicianColumns(names, mapping.columns));

/**
 * The column by which a table that nobody called technicians is probably one, such as Skills; null where there is none. Taken for
 * customers, its people would be on the desk as such.
 * @param columns as the directory's import takes them
 */
export function columnOfTechnicians(columns: readonly MatchedColumn[], mapping: MappingFile): string | null {
  const unknown = columns.filter(({ field, by }) => field === null && by === "nothing").map(({ column }) => column);
  const skills = matchTechnicianColumns(unknown, mapping.columns).find(({ field }) => field === "technician.skills");
  return skills?.column ?? null;
}

/** One file after the other, since a later one may name whom an earlier one makes. @returns the exit code */
export async function importTechnicians(parts: readonly TechnicianPart[], run: TechnicianRun): Promise<number> {
  const desk = await readDesk(run.calls);
  const plans = parts.map((part) => planOf(part, run, desk));
  const refused = plans.reduce((count, { refused: rows }) => count + rowsOf(rows), 0);
  const stops = refused > 0 && !run.skipRefused;
  if (run.dryRun || stops) {
    parts.forEach((part, at) => show(part, plans[at], []));
    console.log(
      run.dryRun
        ? "Nothing was written: this was a dry run."
        : "Nothing was written, since rows cannot be used. Put them right, or leave them out with --skip-refused.",
    );
    return stops ? 1 : 0;
  }
  for (const [at, part] of parts.entries()) {
    // What an earlier file has made is on the roster by now.
    const plan = at === 0 ? plans[0] : planOf(part, run, await readDesk(run.calls));
    show(part, plan, await write(part, plan?.steps ?? [], run));
  }
  return 0;
}

function planOf(
  { rows }: TechnicianPart,
  run: TechnicianRun,
  desk: Awaited<ReturnType<typeof readDesk>>,
): TechnicianPlan {
  const { constants } = run.mapping;
  const read = rows.rows.map((row) => {
    const cells = [...cellsOf(rows, constants, row)].map(
      ([field, text]) => [field.replace("technician.", ""), text] as const,
    );
    return technicianDraft(row.line, new Map(cells), run.timeZone);
  });
  const plan = planTechnicians(
    read.flatMap(({ draft }) => draft ?? []),
    { ...desk, source: run.source, asWritten: run.asWritten },
  );
  return {
    ...plan,
    refused: [...read.flatMap(({ refused }) => refused), ...plan.refused].sort((a, b) => a.row - b.row),
  };
}

/** @throws CommandFailure where the desk refuses a row, or it was interrupted; what is written then stays */
async function write({ path, rows }: TechnicianPart, steps: readonly Step[], run: TechnicianRun): Promise<string[]> {
  const said: string[] = [];
  for (const [at, step] of steps.entries()) {
    if (run.signal.aborted)
      throw new CommandFailure(
        `Interrupted. ${at} of ${steps.length} technicians of ${path} are written, each whole. Run it again to go on.`,
      );
    try {
      for (const one of await writeStep(run.calls, step)) said.push(`row ${step.row}  "${step.name}" ${one}`);
    } catch (error) {
      if (!(error instanceof CommandFailure)) throw error;
      throw new CommandFailure(
        `${path}, row ${step.row}, "${step.name}": ${error.message}\n` +
          `${at} technicians before it are written, each whole. Put the row right and run it again.`,
      );
    }
    console.error(`written ${at + 1} of ${rows.rows.length} rows of ${path}`);
  }
  return said;
}

const rowsOf = (problems: readonly Problem[]): number => new Set(problems.map(({ row }) => row)).size;

function show({ path, table, rows }: TechnicianPart, plan: TechnicianPlan | undefined, said: readonly string[]): void {
  if (!plan) return;
  const isKept = (field: string): boolean => technicianFieldNamed(field)?.kept ?? false;
  const unkept = rows.columns.flatMap(({ column, field }) =>
    field !== null && !isKept(field) ? [`${column} → ${field}`] : [],
  );
  const columns = rows.columns.filter(({ field }) => field === null || isKept(field));
  const count = (outcome: Step["outcome"]): string =>
    String(plan.steps.filter((step) => step.outcome === outcome).length).padStart(11);
  const lines = [
    ...describeTable(path, table, { ...rows, columns }, "a technician", { "not kept": unkept }),
    `  ${"".padEnd(12)}${["new", "changed", "unchanged"].map((title) => title.padStart(11)).join("")}`,
    `  ${"technicians".padEnd(12)}${count("created")}${count("changed")}${count("unchanged")}`,
    ...listOf(`cannot be used: ${rowsOf(plan.refused)} rows`, plan.refused.map(problemLine)),
    ...listOf("to be looked at", [...plan.notes.map(problemLine), ...said]),
    ...listOf(
      "are called like one on the roster (not joined; a column Dispatch technician ID does that)",
      plan.twins.map(({ row, name, id }) => `row ${row}  "${name}" (${id})`),
    ),
    "",
  ];
  console.log(lines.join("\n"));
}

const problemLine = ({ row, field, message }: Problem): string => `row ${row}  ${field} ${message}`;
