// `pnpm dispatch:alerts`: the first command for the person on call. It says whether the desk is well and what fires, with the
// page and the next command for each; with --explain, what lies behind one alert, read from the database.

import type { Database } from "../../db/pool.ts";
import { alertCodes, alertList, reportedCodes, type AlertCode } from "../../api/alert-list.ts";
import { isObject, type JsonObject } from "../../kernel/json.ts";
import { readSettings, type Settings } from "../../process/settings.ts";
import { explanations, type Section } from "./explanations.ts";
import { endTransaction } from "./statements.ts";
import { CommandFailure, messageOf, runCommand, wholeNumber } from "../../process/command-line.ts";
import { withConnections, withDatabase } from "../../process/configured-database.ts";

const askWithinMs = 10_000;
const wait = { statementMs: 10_000, lockMs: 1_000 };

export const alertsCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:alerts",
      about: "Says whether the desk is well and which alerts fire; with --explain, what lies behind one of them.",
      options: {
        explain: { type: "string" },
        "end-transaction": { type: "string" },
        url: { type: "string" },
        "database-url": { type: "string" },
        json: { type: "boolean" },
      },
      meanings: {
        explain: `one of ${alertCodes.join(", ")}: reads the database and shows what is behind it`,
        "end-transaction":
          "process id of a transaction that --explain OUTBOX_STUCK lists: ends it, and its work is rolled back",
        url: "the API; otherwise DISPATCH_API_HOST and DISPATCH_API_PORT",
        "database-url": "the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded PostgreSQL",
        json: "print JSON alone",
      },
    },
    async ({ explain, "end-transaction": pid, url, "database-url": databaseUrl, json = false }) => {
      const read = readSettings();
      const settings = databaseUrl === undefined ? read : { ...read, databaseUrl };
      if (pid !== undefined) return endOne(wholeNumber("end-transaction", pid, 0), settings);
      if (explain === undefined) return tellState(url ?? `http://${settings.apiHost}:${settings.apiPort}`, json);
      const code = alertCodes.find((one) => one === explain);
      if (!code) throw new CommandFailure(`--explain must be one of ${alertCodes.join(", ")}, not ${explain}`);
      return tellWhy(code, settings, json);
    },
  );

/** @returns 0 when the API could be asked, whatever fires; 1 when a part is away */
async function tellState(url: string, json: boolean): Promise<number> {
  const health = await ask(`${url}/health`);
  const alerts = await ask(`${url}/ops/alerts`);
  if (json) {
    console.log(JSON.stringify({ health: health.body, alerts: alerts.body }));
    return health.ok && alerts.ok ? 0 : 1;
  }
  console.log(`health: ${health.ok ? "ok" : "unavailable"}`);
  for (const [part, check] of entriesOf(health.body["checks"]))
    console.log(`  ${part}: ${[check["status"], check["reason"]].filter(Boolean).join(", ")}`);
  if (!alerts.ok) {
    console.log("alerts: unknown while Postgres is unavailable");
    return 1;
  }
  const fired = Array.isArray(alerts.body["alerts"]) ? alerts.body["alerts"].filter(isObject) : [];
  console.log(fired.length === 0 ? "alerts: none fires" : `alerts: ${fired.length} fire`);
  for (const { code, severity, count, threshold, runbook } of fired) {
    const known = reportedCodes.find((one) => one === code);
    console.log(`  ${String(code)} ${String(severity)}: ${String(count)}, fires at ${String(threshold)}`);
    console.log(
      `    read ${String(runbook)}${known ? `, then ${alertList[known].firstCommand}; owner: ${alertList[known].owner}` : ""}`,
    );
  }
  return health.ok ? 0 : 1;
}

function entriesOf(value: unknown): [string, JsonObject][] {
  return isObject(value) ? Object.entries(value).flatMap(([name, one]) => (isObject(one) ? [[name, one]] : [])) : [];
}

/** @throws CommandFailure when nothing answers there */
async function ask(url: string): Promise<{ ok: boolean; body: JsonObject }> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(askWithinMs) });
    const body: unknown = await response.json();
    return { ok: response.ok, body: isObject(body) ? body : {} };
  } catch (error) {
    const why = error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error);
    throw new CommandFailure(`Nothing answers at ${url}: ${why}. Start the API, or pass --url.`);
  }
}

/** @throws CommandFailure when Postgres cannot be used */
async function reading<T>(settings: Settings, read: (db: Database) => Promise<T>): Promise<T> {
  const say = (message: string) => console.error(message);
  const connecting = {
    name: "dispatch-alerts",
    statementTimeoutMs: wait.statementMs,
    lockTimeoutMs: wait.lockMs,
    log: say,
  };
  return withDatabase(settings, say, (url) => withConnections({ ...connecting, url }, read)).catch(
    (error: unknown): never => {
      throw isConnection(error)
        ? new CommandFailure(
            `Postgres cannot be used: ${messageOf(error)}. Read ${alertList.DATABASE_UNAVAILABLE.runbook}.`,
          )
        : error;
    },
  );
}

async function endOne(pid: number, settings: Settings): Promise<number> {
  const row = await reading(settings, (db) => db.row(endTransaction, [pid]));
  if (!row?.ended) throw new CommandFailure(`No transaction of process ${pid} has run for more than five seconds.`);
  console.log(`ended the transaction of process ${pid} (${row.application}) after ${row.seconds} s`);
  return 0;
}

async function tellWhy(code: AlertCode, settings: Settings, json: boolean): Promise<number> {
  const sections = await reading(settings, (db) => explanations[code]({ db, settings, now: new Date() }));
  if (json) console.log(JSON.stringify(Object.fromEntries(sections.map(({ title, rows }) => [title, rows]))));
  else {
    console.log(`${code}: ${alertList[code].summary}`);
    sections.forEach(print);
    console.log(`\nread ${alertList[code].runbook}; owner: ${alertList[code].owner}`);
  }
  return 0;
}

/** Whether the server could not be reached, does not let us in, or is just ending. */
function isConnection(error: unknown): boolean {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    /^(E[A-Z]+|08\w{3}|57P0\d|28\w{3}|3D000)$/.test(error.code)
  );
}

function print({ title, note, rows }: Section): void {
  console.log(`\n${title}: ${note ?? rows.length}`);
  for (const row of rows)
    console.log(
      `  ${Object.entries(row)
        .map(([name, value]) => `${name} ${String(value ?? "–")}`)
        .join(", ")}`,
    );
}
