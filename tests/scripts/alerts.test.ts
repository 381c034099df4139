// `pnpm dispatch:alerts` as whoever is called uses it: against a desk that is well, one that is not, and none at all.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { alertCodes } from "../../dispatch/api/alert-list.ts";
import { explanations } from "../../dispatch/ops/alerts/explanations.ts";
import { bareEnvironment } from "../../dispatch/process/bare-environment.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { eventually } from "../support/eventually.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const script = join(import.meta.dirname, "../../scripts/alerts.ts");

type Told = { readonly code: number; readonly out: string; readonly err: string };

async function alerts(api: TestApi, ...args: string[]): Promise<Told> {
  // The API asks for its alerts once a second.
  api.clock.advanceMs(1_000);
  const env = { ...bareEnvironment, DISPATCH_DATABASE_URL: api.databaseUrl, DISPATCH_DATA_DIR: api.dataDir };
  return promisify(execFile)(process.execPath, [script, ...args], { env }).then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error: unknown) => {
      assert.ok(error instanceof Error && "code" in error && "stdout" in error && "stderr" in error);
      return { code: Number(error.code), out: String(error.stdout), err: String(error.stderr) };
    },
  );
}

describe("pnpm dispatch:alerts", async () => {
  const api = await startTestApi();
  // The command is a process of its own and has the real time.
  api.clock.set(new Date().toISOString());

  test("says of a desk that is well that it is", async () => {
    assert.deepEqual(await alerts(api, "--url", api.url), {
      code: 0,
      out: `api: ${api.url}, from --url\nhealth: ok\nalerts: none fires\n`,
      err: "",
    });
  });

  test("names page, next command and owner of what fires, and why each was refused", async () => {
    const { id } = await ticketIn(api, "NEW");
    const key = randomUUID();
    await api.run("ticket.request_info", { ticket: id, key, body: { questions: ["a"] } });
    for (const question of ["b", "c"])
      await api.refuse("ticket.request_info", { ticket: id, key, body: { questions: [question] } });
    const { code, out } = await alerts(api, "--url", api.url);
    assert.equal(code, 0);
    assert.match(out, /^ {2}IDEMPOTENCY_CONFLICT_SPIKE warning: 2, fires at 2$/m);
    assert.match(
      out,
      /read ops\/runbooks\/idempotency_conflict\.md, then pnpm dispatch:alerts --explain IDEMPOTENCY_CONFLICT_SPIKE; owner: integrations/,
    );
    const why = await alerts(api, "--explain", "IDEMPOTENCY_CONFLICT_SPIKE");
    assert.match(
      why.out,
      new RegExp(
        `times 2, code IDEMPOTENCY_PAYLOAD_MISMATCH, tool ticket.request_info, actor [^,]+, role dispatcher, tickets 1, one_ticket ${id}`,
      ),
    );
  });

  test("shows why a scheduled ticket waits", async () => {
    const { id } = await ticketIn(api, "SCHEDULED");
    await api.owner.query(
      "UPDATE tickets SET last_transition_at = now() - interval '2 hours', assign_reason = 'NOBODY_AVAILABLE' WHERE id = $1",
      [id],
    );
    const { out } = await alerts(api, "--explain", "STUCK_SCHEDULING");
    assert.match(
      out,
      new RegExp(`ticket ${id}, state SCHEDULED, priority \\w+, minutes 120, nobody_sent_because NOBODY_AVAILABLE`),
    );
    assert.match(out, /tickets 1, reason NOBODY_AVAILABLE, oldest_seconds \d+/);
  });

  test("has an explanation for every alert", async () => {
    const { db, settings } = api.desk;
    const reading = { db, settings, now: api.clock.now(), address: { url: api.url, from: "the test" } };
    for (const code of alertCodes) {
      assert.ok(explanations[code].length > 0, code);
      for (const part of explanations[code]) {
        assert.ok(part.title(reading.settings).length > 0);
        assert.ok((await part.read(reading)).rows.length >= 0, code);
      }
    }
  });

  test("ends the transaction that holds events back, and no other", async () => {
    const holder = await api.owner.connect();
    const ended = new Promise<void>((resolve) => void holder.on("error", () => resolve()));
    const { rows } = await holder.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
    const pid = String(rows[0]?.pid);
    const refused = await alerts(api, "--end-transaction", pid);
    assert.deepEqual(
      [refused.code, refused.err],
      [1, `No transaction of process ${pid} has run for more than five seconds.\n`],
    );
    await holder.query("BEGIN");
    await eventually(
      "the transaction is old enough",
      async () => (await alerts(api, "--end-transaction", pid)).code === 0,
    );
    await ended;
    holder.release(true);
  });

  test("a store that is away, a database that is away, an API that is away: each is said, and not as a defect", async () => {
    await rm(join(api.dataDir, "objects"), { recursive: true });
    const store = await alerts(api, "--url", api.url);
    assert.equal(store.code, 1);
    assert.match(store.out, /health: unavailable\n {2}postgres: ok\n {2}object_store: unavailable/);
    const explained = await alerts(api, "--explain", "OBJECT_STORE_UNAVAILABLE");
    assert.equal(explained.code, 0);
    assert.match(explained.out, /object store: ENOENT/);
    const database = await alerts(
      api,
      "--explain",
      "OUTBOX_STUCK",
      "--database-url",
      "postgres://nobody@127.0.0.1:1/none",
    );
    assert.equal(database.code, 1);
    assert.match(
      database.err,
      /^Postgres cannot be used: connect ECONNREFUSED 127\.0\.0\.1:1\. Read ops\/runbooks\/database_unavailable\.md\.\n$/,
    );
    assert.match(database.out, /^Postgres, as connecting to it says: connect ECONNREFUSED 127\.0\.0\.1:1$/m);
    assert.match(database.out, /^events held back: cannot be read: Postgres cannot be used$/m);
    await api.stop();
    const gone = await alerts(api, "--url", api.url);
    assert.equal(gone.code, 1);
    assert.match(
      gone.out,
      /^health: nothing listens at \S+ \(connect ECONNREFUSED .*\)\. Start it: pnpm dispatch:stack:up .*\nalerts: .* as above$/m,
    );
    assert.match(gone.out, /^ {2}ALERTS_BLIND critical: .*\n {4}read ops\/runbooks\/everything_is_broken\.md/m);
  });
});
