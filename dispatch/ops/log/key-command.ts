// `pnpm dispatch:log:key`: makes the key that workers sign the log's checkpoints with, and prints what checks it.

import { configurationFrom, readSettings } from "../../process/settings.ts";
import { CommandFailure, messageOf, runCommand } from "../../process/command-line.ts";
import { withConnections, withDatabase } from "../../process/configured-database.ts";
import { makeLogKey, ownKeyFile, publicFileOf } from "../../transparency/log-key.ts";
import { readHead } from "../../transparency/log-rows.ts";
import { verifierText } from "../../transparency/signed-note.ts";

const say = (message: string): void => console.error(message);

export const logKeyCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:log:key",
      configuration: () => configurationFrom(),
      about:
        "Makes the Ed25519 key that workers sign checkpoints of the log with, unless the file is there, and prints its verifier key, " +
        "which receipts are checked with: give that to whoever is to check them. The private key is for the worker alone.",
      options: { out: { type: "string" } },
      meanings: { out: "the file; otherwise DISPATCH_LOG_KEY_FILE, otherwise log-key/log.key in the data folder" },
    },
    async (values) => {
      const settings = readSettings();
      const file = values.out ?? settings.logKeyFile ?? ownKeyFile(settings.dataDir);
      const { dbStatementTimeoutMs: statementTimeoutMs, dbLockTimeoutMs: lockTimeoutMs } = settings;
      const connecting = { name: "dispatch-log-key", statementTimeoutMs, lockTimeoutMs, log: say };
      const { origin } = await withDatabase(settings, say, (url) =>
        withConnections({ ...connecting, url }, (db) => readHead(db)),
      );
      const made = await makeLogKey(file, origin).catch((error: unknown) => {
        throw new CommandFailure(`${file}: ${messageOf(error)}`);
      });
      const published = made.isPublished
        ? `what checks it is in ${publicFileOf(file)}`
        : "keep what checks it yourself";
      say(`${made.isNew ? "made" : "there already:"} ${file}, for the worker alone; ${published}`);
      console.log(verifierText(made.verifier));
      return 0;
    },
  );
