// `pnpm dispatch:billing:export`: invoices and credit notes of a range of days as CSV for accounting, the same file as
// GET /billing/export.csv.

import { open, rename, rm } from "node:fs/promises";
import { once } from "node:events";
import { exportedCsv, requireDays, type ExportRange } from "../../field/billing-export.ts";
import { Refusal } from "../../kernel/refusal.ts";
import { CommandFailure, runCommand } from "../../process/command-line.ts";
import { withConnections, withDatabase } from "../../process/configured-database.ts";
import { configurationFrom, readSettings } from "../../process/settings.ts";

export const billingExportCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:billing:export",
      configuration: () => configurationFrom(),
      about:
        "Writes invoices and credit notes of a range of days as CSV for accounting, a row to each line; the same days are the same " +
        "file. What the columns are stands in ops/reference/billing-export-columns.md. It reads the database itself.",
      options: {
        from: { type: "string" },
        to: { type: "string" },
        out: { type: "string" },
        "database-url": { type: "string" },
      },
      meanings: {
        from: "the first day, as printed on the documents: YYYY-MM-DD",
        to: "the last day, itself among them",
        out: "the file, which is replaced when all of it is there; otherwise it is printed",
        "database-url": "the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded PostgreSQL",
      },
    },
    async ({ from, to, out, "database-url": given }) => {
      const range: ExportRange = { ...daysOf(from, to), accounts: null, sites: null };
      const settings = readSettings();
      const databaseUrl = given ?? settings.databaseUrl;
      const log = (message: string) => console.error(message);
      const connecting = {
        name: "dispatch-billing-export",
        statementTimeoutMs: 60_000,
        lockTimeoutMs: settings.dbLockTimeoutMs,
        log,
      };
      return withDatabase({ ...settings, databaseUrl }, log, (url) =>
        withConnections({ ...connecting, url }, async (db) => {
          const pieces = exportedCsv(db, range);
          if (out === undefined) await print(pieces);
          else log(`${out}: ${(await save(pieces, out)).toLocaleString("en-US")} bytes`);
          return 0;
        }),
      );
    },
  );

/** @throws CommandFailure naming the option */
function daysOf(from: string | undefined, to: string | undefined): Pick<ExportRange, "from" | "to"> {
  for (const [option, day] of [
    ["from", from],
    ["to", to],
  ] as const)
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day ?? ""))
      throw new CommandFailure(
        `--${option} must be a day such as 2026-11-01${day === undefined ? "" : `, not ${day}`}`,
      );
  const days = { from: from ?? "", to: to ?? "" };
  try {
    requireDays(days);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new CommandFailure(
      `--from ${days.from} and --to ${days.to} must be days of the calendar, the first not after the last`,
    );
  }
  return days;
}

async function print(pieces: AsyncIterable<string>): Promise<void> {
  for await (const piece of pieces) if (!process.stdout.write(piece)) await once(process.stdout, "drain");
}

/** Beside it first, so that nobody takes half a file for the whole. */
async function save(pieces: AsyncIterable<string>, path: string): Promise<number> {
  const part = `${path}.part`;
  try {
    let bytes = 0;
    {
      await using file = await open(part, "w", 0o600);
      for await (const piece of pieces) {
        // All of it, which a single write need not take.
        await file.writeFile(piece);
        bytes += Buffer.byteLength(piece);
      }
    }
    await rename(part, path);
    return bytes;
  } finally {
    await rm(part, { force: true });
  }
}
