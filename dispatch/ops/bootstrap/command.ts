// `pnpm dispatch:bootstrap`: migrates, makes the demo's account, site, contact and roster, and waits for the API.

import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { migrate } from "../../db/migrate.ts";
import { configurationFrom, readSettings, type Settings } from "../../process/settings.ts";
import { CommandFailure, messageOf, runCommand } from "../../process/command-line.ts";
import { withConnections, withDatabase } from "../../process/configured-database.ts";
import { makeLogKey, ownKeyFile } from "../../transparency/log-key.ts";
import { readHead } from "../../transparency/log-rows.ts";
import { makeBucket } from "./bucket.ts";
import { refuseOwnDesk, upsertFixtures } from "./demo-rows.ts";

const log = (message: string): void => console.error(`[dispatch-bootstrap] ${message}`);

export const bootstrapCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:bootstrap",
      configuration: () => configurationFrom(),
      about:
        "Brings the database up to date, makes the demo account, site, contact and technicians, and " +
        "checks that the API is ready. Safe to run again.",
      options: { "skip-ready-check": { type: "boolean" }, url: { type: "string" } },
      meanings: {
        "skip-ready-check": "do not ask the API for its health",
        url: "address of the API; otherwise DISPATCH_API_HOST and DISPATCH_API_PORT",
      },
    },
    async (values) => {
      const settings = readSettings();
      refuseOwnDesk(settings);
      const evidence = await withDatabase(settings, log, async (url) => {
        const prepared = await bootstrap(settings, url);
        const endpoint = `${values.url ?? `http://${settings.apiHost}:${settings.apiPort}`}/health`;
        const ready = values["skip-ready-check"] ? skipped(endpoint) : await readyCheck(endpoint, settings);
        return { timestamp: new Date().toISOString(), ...prepared, ready_check: ready };
      });
      const text = JSON.stringify(evidence, null, 2);
      if (settings.bootstrapEvidencePath !== null) await writeEvidence(settings.bootstrapEvidencePath, `${text}\n`);
      console.log(text);
      return 0;
    },
  );

/** Readable for its owner alone: the health it may hold names parts of the installation. */
async function writeEvidence(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: 0o600 });
  } catch (error) {
    throw new CommandFailure(
      `[dispatch-bootstrap] all is made, but DISPATCH_BOOTSTRAP_EVIDENCE_PATH cannot be written: ${messageOf(error)}`,
    );
  }
  log(`evidence written to ${path}`);
}

async function bootstrap(settings: Settings, url: string) {
  const { path, version } = await migrate({ databaseUrl: url, log });
  log(`schema at ${version}`);
  const { dbStatementTimeoutMs: statementTimeoutMs, dbLockTimeoutMs: lockTimeoutMs } = settings;
  return withConnections({ url, name: "dispatch-bootstrap", statementTimeoutMs, lockTimeoutMs, log }, async (db) => {
    const { fixtures, counts } = await upsertFixtures(db, settings);
    log(`account ${fixtures.account_id}, site ${fixtures.site_id}, ${fixtures.technicians.length} technicians`);
    if (settings.databaseUrl === null && settings.logKeyFile === null) {
      const { isNew } = await makeLogKey(ownKeyFile(settings.dataDir), (await readHead(db)).origin);
      if (isNew) log(`made the log's key, ${ownKeyFile(settings.dataDir)}`);
    }
    if (await makeBucket(settings)) log(`bucket ${settings.objectStoreBucket} is there`);
    return { migration: { path, version }, fixtures, counts };
  });
}

function skipped(endpoint: string) {
  return { endpoint, performed: false, status: "skipped" as const, attempts: 0, body: null };
}

/** @throws CommandFailure when the API does not become ready in the set number of tries */
async function readyCheck(
  endpoint: string,
  { bootstrapHealthRetries: retries, bootstrapHealthDelayMs: pause }: Settings,
) {
  let why = "";
  for (let attempts = 1; attempts <= retries; attempts++) {
    try {
      const response = await fetch(endpoint, { signal: AbortSignal.timeout(5_000) });
      const body: unknown = await response.json();
      if (response.ok) {
        log(`the API is ready at ${endpoint}`);
        return { endpoint, performed: true, status: "ok" as const, attempts, body };
      }
      why = `it answers ${response.status} ${JSON.stringify(body)}`;
    } catch (error) {
      why = error instanceof Error && error.cause instanceof Error ? error.cause.message : messageOf(error);
    }
    if (attempts < retries) await delay(pause);
  }
  throw new CommandFailure(
    `[dispatch-bootstrap] the API at ${endpoint} is not ready after ${retries} tries: ${why}. Start ` +
      "it with pnpm dispatch:api:start, or pass --skip-ready-check.",
  );
}
