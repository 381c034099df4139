// A stack whose API and workers have taken every connection they may still lets operators' commands in: those come as the
// owner, for whom Postgres keeps some.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import pg from "pg";
import { startStack, type Stack } from "../../dispatch/ops/stack/stack.ts";
import { query } from "../support/data-folder.ts";
import { placeReadyCluster } from "../support/ready-cluster.ts";
import { StackCommands } from "./stack-commands.ts";

const sessionsOfParts = `SELECT DISTINCT usename AS login FROM pg_stat_activity
  WHERE datname = current_database() AND application_name ~ '^dispatch-(api|worker)'`;

describe("a stack's connections", async () => {
  let running: Stack;
  // Hooks run in the order they are made: what ends a stack's supervisor would end this process.
  after(() => running.stop());
  // Its port comes under the setting's other name, which what the stack gives its parts must not contradict.
  const stack = await StackCommands.make({ after }, { DISPATCH_API_PORT: "", DISPATCH_PORT: "0" });
  await placeReadyCluster(stack.dataDir);

  test("that its API and workers have taken all leave operators' commands theirs", async (t) => {
    running = await startStack({
      settings: stack.settings,
      environment: stack.environment,
      workers: 1,
      withGateway: false,
      say: () => undefined,
    });
    const owner = { url: running.databaseUrl };
    const logins = await query(owner, sessionsOfParts);
    assert.equal(logins.length, 1, "API and worker have one login");
    const asParts = new URL(owner.url);
    asParts.username = String(logins[0]?.["login"]);
    const taken = await takeAll(asParts.href);
    t.after(() => Promise.all(taken.map((client) => client.end())));

    assert.equal((await query(owner, "SELECT 1 AS one")).length, 1);
    const explained = await stack.run("alerts.ts", "--explain", "CONNECTIONS_HIGH");
    assert.match(explained.stdout, /^connections of the whole server: 19\d of 197 for logins without reserved ones/m);
    assert.match(explained.stdout, /^ {2}application dispatch-api, /m);
    assert.match(await stack.does("audit-verify.ts"), /\d+ chains, \d+ events, 0 broken/);
    await stack.does("backup.ts", "--out", join(stack.dataDir, "kept"));
  });
});

/** Opens sessions until the server refuses another; it must be for their number. */
async function takeAll(url: string): Promise<pg.Client[]> {
  const taken: pg.Client[] = [];
  for (;;) {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    try {
      await client.connect();
    } catch (error) {
      assert.ok(error instanceof pg.DatabaseError);
      assert.equal(error.code, "53300");
      return taken;
    }
    taken.push(client);
  }
}
