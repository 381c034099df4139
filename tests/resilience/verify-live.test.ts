// The audit trail can be verified at any time: commands that go on meanwhile are not taken for tampering.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startApiProcess } from "../support/api-process.ts";
import { createTestDatabase } from "../support/database.ts";
import { reportOn } from "./audit-report.ts";
import { post, type Command } from "./callers.ts";
import { addEvidence, createTicket, layOutField, otherIncident, pauseAutonomy } from "./field.ts";

const verifications = 15;
const itemsOfTicket = 40;

test("a trail that grows while it is verified is clean", async (t) => {
  const database = await createTestDatabase(t);
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-live-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const api = await startApiProcess(t, { databaseUrl: database.url, dataDir });
  const field = await layOutField(database.url);

  let done = false;
  const does = async (command: Command): Promise<string> => {
    const { status, text, body } = await post(api, command, randomUUID());
    assert.ok(status < 300, text);
    return body.id ?? "";
  };
  const untilDone = async (once: () => Promise<unknown>): Promise<void> => {
    while (!done) await once();
  };
  const busy = [
    untilDone(() => does(pauseAutonomy(otherIncident))),
    // A trail that grows, but less than the policy allows one ticket.
    untilDone(async () => {
      const id = await does(createTicket(field));
      for (let item = 0; item < itemsOfTicket && !done; item++) await does(addEvidence(id));
    }),
  ];
  const sizes: number[] = [];
  try {
    for (let i = 0; i < verifications; i++) {
      const { events, faults } = await reportOn(database.url);
      assert.deepEqual(faults, []);
      sizes.push(events);
    }
  } finally {
    done = true;
    await Promise.all(busy);
  }
  assert.ok((sizes.at(-1) ?? 0) > (sizes[0] ?? 0), "nothing was added meanwhile, so nothing was shown");
});
