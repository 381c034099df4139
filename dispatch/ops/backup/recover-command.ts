// `pnpm dispatch:recover`: the embedded PostgreSQL as it was at a moment, from a base copy and the archived log.

import { resolve } from "node:path";
import { configurationFrom, readSettings } from "../../process/settings.ts";
import { interruptible } from "./interrupt.ts";
import { grouped } from "./progress.ts";
import { recover } from "./recover.ts";
import { CommandFailure, runCommand } from "../../process/command-line.ts";

export const recoverCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:recover",
      configuration: () => configurationFrom(),
      about:
        "Makes the embedded PostgreSQL of DISPATCH_DATA_DIR, which must have none, from a base copy and the archived write-ahead " +
        "log: all of it, or up to a moment. Then it verifies the audit trail and stops the server. Objects are not touched.",
      options: { until: { type: "string" }, archive: { type: "string" } },
      meanings: {
        until: "the last moment to keep, as 2026-01-31T09:15:00Z; otherwise everything the archive has",
        archive:
          "the archive to read; otherwise DISPATCH_WAL_ARCHIVE_DIR, where the recovered server also archives from then on when it is set",
      },
      operands: { FOLDER: "the base copy" },
    },
    async (values, [folder = ""]) => {
      const settings = readSettings();
      const archive = values.archive === undefined ? settings.walArchiveDir : resolve(values.archive);
      if (archive === null)
        throw new CommandFailure("Say where the archived log is: --archive, or DISPATCH_WAL_ARCHIVE_DIR.");
      const until = values.until === undefined ? null : momentOf(values.until);
      const say = (message: string) => console.error(message);
      const { base_of, newest_event, audit } = await interruptible(
        "Remove what is in the data folder before another try.",
        (signal) =>
          recover(
            { folder: resolve(folder), dataDir: settings.dataDir, archive, archiveOn: settings.walArchiveDir, until },
            { say, signal },
          ),
      );
      for (const { chain, seq, kind, detail } of audit.open)
        console.log(`BROKEN chain ${chain} seq ${seq}: ${kind}, ${detail}`);
      for (const { chain, seq, kind, detail } of audit.accepted)
        console.log(`ACCEPTED chain ${chain} seq ${seq}: ${kind}, ${detail}`);
      console.log(
        `recovered ${until === null ? "all the archive has" : `up to ${until.toISOString()}`}, from the base copy of ${base_of}`,
      );
      console.log(`newest audit event: ${newest_event ?? "none"}`);
      console.log(
        `audit: ${grouped(audit.chains)} chains, ${grouped(audit.events)} events, ${audit.open.length} broken`,
      );
      return audit.open.length === 0 ? 0 : 1;
    },
  );

/** @throws CommandFailure unless it is a time with a zone: without one it would mean another moment elsewhere */
function momentOf(text: string): Date {
  const moment = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(moment.getTime())) {
    throw new CommandFailure(`--until must be a time with its zone, as 2026-01-31T09:15:00Z, not ${text}`);
  }
  return moment;
}
