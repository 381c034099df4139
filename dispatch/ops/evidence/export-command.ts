// `pnpm dispatch:evidence:export T-000123`: one file that holds a ticket's history to the log, for whoever checks it elsewhere.

import { readFile, writeFile } from "node:fs/promises";
import { configurationFrom, readSettings } from "../../process/settings.ts";
import { CommandFailure, messageOf, runCommand } from "../../process/command-line.ts";
import { withConnections, withDatabase } from "../../process/configured-database.ts";
import { checkpointFrom } from "../../transparency/checkpoint.ts";
import { exportTicket, type TicketExport } from "./export-ticket.ts";

const say = (message: string): void => console.error(message);

export const evidenceExportCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:evidence:export",
      configuration: () => configurationFrom(),
      about:
        "Writes one file with a ticket, its events, the hashes of its evidence and the proofs that the log's newest checkpoint holds " +
        "them. node ops/verify/dispatch-verify.mjs FILE checks it anywhere, without this desk. What people wrote and where is in it.",
      operands: { ticket: "the ticket, by number or id" },
      options: {
        out: { type: "string" },
        against: { type: "string", multiple: true },
        "database-url": { type: "string" },
      },
      meanings: {
        out: "the file; otherwise <number>.evidence.json here",
        against:
          "a file with a checkpoint, from a witness or an earlier export, which the newest is to be shown to continue; may be repeated",
        "database-url": "the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded PostgreSQL",
      },
    },
    async (values, [ticket = ""]) => {
      const settings = readSettings();
      const against = await Promise.all((values.against ?? []).map(readCheckpoint));
      const { dbStatementTimeoutMs: statementTimeoutMs, dbLockTimeoutMs: lockTimeoutMs } = settings;
      const connecting = { name: "dispatch-evidence-export", statementTimeoutMs, lockTimeoutMs, log: say };
      const databaseUrl = values["database-url"] ?? settings.databaseUrl;
      const exported = await withDatabase({ ...settings, databaseUrl }, say, (url) =>
        withConnections({ ...connecting, url }, (db) => exportTicket(db, ticket, against, new Date())),
      );
      if (!exported) throw new CommandFailure(`there is no ticket ${ticket}`);
      const file = values.out ?? `${exported.ticket.number}.evidence.json`;
      await writeFile(file, `${JSON.stringify(exported, null, 1)}\n`, { mode: 0o600 }).catch((error: unknown) => {
        throw new CommandFailure(`${file} cannot be written: ${messageOf(error)}`);
      });
      for (const note of notesOn(exported)) say(note);
      console.log(file);
      return 0;
    },
  );

function notesOn({ events, leaves, checkpoint }: TicketExport): string[] {
  const last = events.at(-1)?.seq ?? 0;
  const logged = leaves.at(-1)?.seq ?? 0;
  if (checkpoint === null) return ["the log has no checkpoint yet: is a worker running?"];
  return logged < last ? [`events ${logged + 1} to ${last} have no leaf yet; a minute later they have`] : [];
}

/** A checkpoint as it stands in a file, or in an export. @throws CommandFailure */
async function readCheckpoint(file: string): Promise<string> {
  try {
    const text = await readFile(file, "utf8");
    const whole: unknown = text.startsWith("{") ? JSON.parse(text) : { checkpoint: text };
    const note = typeof whole === "object" && whole !== null && "checkpoint" in whole ? whole.checkpoint : null;
    if (typeof note !== "string") throw new Error("it has no checkpoint");
    checkpointFrom(note);
    return note;
  } catch (error) {
    throw new CommandFailure(`--against ${file}: ${messageOf(error)}`);
  }
}
