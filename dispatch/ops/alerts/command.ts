// `pnpm dispatch:alerts`: the first command for the person on call. It says whether the desk is well and what fires, with the
// page and the next command for each; with --explain, what lies behind one alert. It ends within five seconds, whatever is down.

import { alertCodes } from "../../api/alert-list.ts";
import { databaseWords, isDatabaseAway, isPermissionDenied } from "../../db/failures.ts";
import { CommandFailure, runCommand, wholeNumber } from "../../process/command-line.ts";
import { configurationFrom, readSettings, type Settings } from "../../process/settings.ts";
import { apiAddress } from "./address.ts";
import { lookAtPostgres } from "./postgres-outside.ts";
import { endTransaction } from "./statements.ts";
import { tellState } from "./tell-state.ts";
import { cannotBeUsed, connectWithinMs, openForLook, tellWhy } from "./tell-why.ts";

/** From the process's start, so that what its own start takes on a busy machine is counted. */
const endsWithinMs = 4_500;
/** An API needs three seconds to say that Postgres is silent. */
const leastMs = 3_500;

/** For what was printed, and the exit code, which is set when the command's work is done. */
const lastWordsMs = 50;

export const alertsCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:alerts",
      configuration: () => configurationFrom(),
      about:
        "Says whether the desk is well and which alerts fire; with --explain, what lies behind one of them. " +
        "It needs nothing to be up.",
      options: {
        explain: { type: "string" },
        "end-transaction": { type: "string" },
        url: { type: "string" },
        "database-url": { type: "string" },
        json: { type: "boolean" },
      },
      meanings: {
        explain: `one of ${alertCodes.join(", ")}: shows what is behind it, from the database and from outside it`,
        "end-transaction":
          "process id of a transaction that --explain OUTBOX_STUCK or DATABASE_LOCKED lists: ends it, and its work is rolled back",
        url:
          "the API; otherwise DISPATCH_API_HOST and DISPATCH_API_PORT where one is set, as they may name an API of no stack here; " +
          "otherwise the stack's own file in DISPATCH_DATA_DIR, which stack:status --export takes first",
        "database-url": "the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded PostgreSQL",
        json: "print JSON alone",
      },
    },
    (given) =>
      // Whatever hangs would keep its connection, and this process with it.
      run(given).finally(() => void setTimeout(() => process.exit(), lastWordsMs).unref()),
  );

type Given = {
  readonly explain?: string | undefined;
  readonly "end-transaction"?: string | undefined;
  readonly url?: string | undefined;
  readonly "database-url"?: string | undefined;
  readonly json?: boolean | undefined;
};

async function run({
  explain,
  "end-transaction": pid,
  url,
  "database-url": databaseUrl,
  json = false,
}: Given): Promise<number> {
  const read = readSettings();
  const settings = databaseUrl === undefined ? read : { ...read, databaseUrl };
  if (pid !== undefined) return endOne(wholeNumber("end-transaction", pid, 0), settings);
  const address = apiAddress(url, settings);
  const now = performance.now();
  const leftMs = Math.max(leastMs, endsWithinMs - now);
  if (explain === undefined) return tellState(address, settings, json, leftMs);
  const code = alertCodes.find((one) => one === explain);
  if (!code) throw new CommandFailure(`--explain must be one of ${alertCodes.join(", ")}, not ${explain}`);
  return tellWhy({ code, settings, address, json, deadline: now + leftMs });
}

const anotherLogin = "Give the address with its own login, or one that may end others' sessions, by --database-url.";

/** @throws CommandFailure when there is none such, this login may not end it, or Postgres cannot be used */
async function endOne(pid: number, settings: Settings): Promise<number> {
  const { url, failure } = await lookAtPostgres(settings, connectWithinMs);
  if (url === null || failure !== null) throw new CommandFailure(cannotBeUsed(failure?.words ?? "it does not run"));
  const row = await openForLook(url)
    .row(endTransaction, [pid])
    .catch((error: unknown): never => {
      if (isPermissionDenied(error))
        throw new CommandFailure(`This login may not end process ${pid} (${databaseWords(error)}). ${anotherLogin}`);
      throw isDatabaseAway(error) ? new CommandFailure(cannotBeUsed(databaseWords(error))) : error;
    });
  if (row?.seen === false) {
    const who = [row.application, row.login].filter(Boolean).join(", ");
    throw new CommandFailure(`This login may neither see into process ${pid} (${who}) nor end it. ${anotherLogin}`);
  }
  if (!row?.ended) throw new CommandFailure(`No transaction of process ${pid} has run for more than five seconds.`);
  console.log(`ended the transaction of process ${pid} (${row.application}) after ${row.seconds} s`);
  return 0;
}
