// A release's migration is killed half-way, and started again by whoever waits for it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import pg from "pg";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { mendsItselfMs, type Drill } from "./drill.ts";
import type { Ground } from "./ground.ts";

const database = "drill_migration";
const migrate = join(import.meta.dirname, "../../scripts/migrate.ts");
const applied = "SELECT count(*)::integer AS applied FROM schema_migrations";

export const migrationKilled: Drill = {
  name: "migration-killed",
  about: "the process of pnpm dispatch:migrate is killed half-way, on a database of its own",
  // Whoever typed it sees it end.
  told: null,
  reads: {
    command: `DISPATCH_DATABASE_URL="$DRILL_DATABASE_URL" pnpm dispatch:migrate | tail -n 3`,
    must: [/^now at \d{4}/m],
    mustNot: [/error/i, /by hand/],
  },
  runbook: "ops/runbooks/database_recovery.md",
  walks: [],
  seconds: 30,
  async provoke(ground, signal) {
    const { sql } = ground;
    await sql.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    await sql.query(`CREATE DATABASE ${database}`);
    const beside = new URL(ground.databaseUrl);
    beside.pathname = `/${database}`;
    await killedHalfWay(ground, beside.href, signal);
    return {
      variables: { DRILL_DATABASE_URL: beside.href },
      isWell: async () => (await count(beside.href)) === (await count(ground.databaseUrl)),
      undo: async () => void (await sql.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`)),
    };
  },
  mend: { by: "itself" },
};

async function killedHalfWay(ground: Ground, url: string, signal: AbortSignal): Promise<void> {
  const whole = await count(ground.databaseUrl);
  const child = spawn(process.execPath, [migrate], {
    env: { ...ground.environment, DISPATCH_DATABASE_URL: url },
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  // A whole migration may take less than a pause between two looks: whoever looks here does not wait in between.
  const givenUpAt = performance.now() + mendsItselfMs;
  try {
    for (let done = 0; done < 3 && child.exitCode === null && performance.now() < givenUpAt; done = await count(url))
      signal.throwIfAborted();
  } finally {
    child.kill("SIGKILL");
    await ended;
  }
  const done = await count(url);
  if (done === 0 || done >= whole)
    throw new CommandFailure(`The migration was not killed half-way: ${done} of ${whole} files.`);
}

/** How many files of the schema are in; none where not even their table is. */
async function count(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return (await client.query<{ applied: number }>(applied)).rows[0]?.applied ?? 0;
  } catch {
    return 0;
  } finally {
    await client.end();
  }
}
