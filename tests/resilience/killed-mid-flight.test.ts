// The API dies, or loses Postgres, just before a commit or just behind it. Nobody can tell which from outside; the same
// key at another process must give the one true answer. A proxy stops the transaction exactly there.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { startApiProcess, type ApiProcess } from "../support/api-process.ts";
import { createTestDatabase } from "../support/database.ts";
import { jpeg } from "../support/pictures.ts";
import { reportOn } from "./audit-report.ts";
import { headersOf, post, technician, type Command } from "./callers.ts";
import { effectsOf, nothing, once, type Effects } from "./effects.ts";
import {
  addEvidence,
  allEvidence,
  blindIntake,
  checkIn,
  close,
  complete,
  confirm,
  createTicket,
  dispatch,
  invoice,
  layOutField,
  otherIncident,
  pauseAutonomy,
  propose,
  rowsOf,
  triage,
  verify,
} from "./field.ts";
import { startPostgresProxy } from "./postgres-proxy.ts";

const database = await createTestDatabase();
const dataDir = await mkdtemp(join(tmpdir(), "dispatch-midflight-"));
after(() => rm(dataDir, { recursive: true, force: true }));
const start = (t: { after(fn: () => Promise<void>): void }, databaseUrl: string): Promise<ApiProcess> =>
  startApiProcess(t, { databaseUrl, dataDir });
const shared = await startPostgresProxy({ after }, database.url);
const [behindProxy, other] = await Promise.all([start({ after }, shared.url), start({ after }, database.url)]);
const field = await layOutField(database.url);

/** Does what leads up to the moment of interest. */
async function done(...commands: Command[]): Promise<string> {
  let id = "";
  for (const command of commands) {
    const reply = await post(other, { ...command, path: command.path.replace("{id}", id) }, randomUUID());
    assert.ok(reply.status < 300, `${command.path}: ${reply.text}`);
    id ||= reply.body.id ?? "";
  }
  return id;
}

const inProgress = (day: number): Command[] => [
  createTicket(field),
  triage("{id}"),
  propose("{id}", day),
  confirm("{id}", day),
  dispatch("{id}", field.techIds[0] ?? ""),
  checkIn("{id}"),
];
let day = 0;
const nextDay = (): number => (day += 2);

/** A photo that lies in the object store and waits to become evidence. */
async function uploaded(): Promise<Command> {
  const id = await done(...inProgress(nextDay()));
  const photo = jpeg({ comment: id });
  const announced = {
    kind: "PHOTO",
    content_type: "image/jpeg",
    size_bytes: photo.length,
    sha256: createHash("sha256").update(photo).digest("hex"),
  };
  const response = await fetch(`${other.url}/tickets/${id}/evidence/uploads`, {
    method: "POST",
    headers: { ...headersOf(technician), "content-type": "application/json", "idempotency-key": randomUUID() },
    body: JSON.stringify(announced),
  });
  const ticket: { url: string; headers: Record<string, string>; uri: string } = JSON.parse(await response.text());
  assert.equal((await fetch(ticket.url, { method: "PUT", headers: ticket.headers, body: photo })).status, 201);
  return {
    ...addEvidence(id),
    body: { kind: "PHOTO", uri: ticket.uri, evidence_key: "photo_before_door_edge_and_strike" },
  };
}

const kinds: { name: string; make: () => Promise<Command>; effects: Effects }[] = [
  { name: "a command that creates", make: async () => createTicket(field), effects: once },
  {
    name: "an intake, which also looks for its own duplicate",
    make: async () => blindIntake(field, `Caller ${nextDay()}`),
    effects: once,
  },
  { name: "a command on a ticket", make: async () => triage(await done(createTicket(field))), effects: once },
  {
    name: "a command that touches its ticket",
    make: async () => addEvidence(await done(createTicket(field))),
    effects: { ...once, evidence: 1 },
  },
  { name: "evidence that is moved in the object store", make: uploaded, effects: { ...once, evidence: 1 } },
  {
    name: "a close that writes to the object store",
    make: async () =>
      close(
        await done(...inProgress(nextDay()), ...allEvidence("{id}"), complete("{id}"), verify("{id}"), invoice("{id}")),
      ),
    effects: once,
  },
  {
    name: "a command about the desk",
    make: async () => pauseAutonomy(otherIncident),
    effects: { ...once, tickets: 0, pauses: 1 },
  },
];

/** The hash in the answer is that of the one event there is. */
async function assertTrue(
  reply: { body: { receipt?: { receipt_id: string; hash: string } } },
  key: string,
): Promise<void> {
  const rows = await rowsOf<object>(
    database.url,
    "SELECT id AS receipt_id, hash FROM audit_events WHERE request_id = $1",
    [key],
  );
  const { receipt } = reply.body;
  assert.deepEqual(rows, [{ receipt_id: receipt?.receipt_id, hash: receipt?.hash }]);
}

for (const when of ["before", "after"] as const) {
  const committed = when === "after";

  describe(`the API is killed just ${when} the commit`, () => {
    for (const { name, make, effects } of kinds) {
      test(`and another process gives the one answer: ${name}`, async (t) => {
        const command = await make();
        const key = randomUUID();
        const proxy = await startPostgresProxy(t, database.url);
        const api = await start(t, proxy.url);
        const held = proxy.holdCommit(when);
        const lost = assert.rejects(post(api, command, key), TypeError);
        await held.reached;
        assert.deepEqual(await effectsOf(database.url, key), committed ? effects : nothing);
        await api.kill();
        await lost;

        const retry = await post(other, command, key);
        assert.ok(retry.status < 300, retry.text);
        assert.equal(retry.replayed, committed);
        assert.deepEqual(await effectsOf(database.url, key), effects);
        await assertTrue(retry, key);
        const again = await post(other, command, key);
        assert.deepEqual({ text: again.text, replayed: again.replayed }, { text: retry.text, replayed: true });
      });
    }
  });

  describe(`Postgres is lost just ${when} the commit`, () => {
    for (const { name, make, effects } of kinds) {
      test(`and the same process first says it does not know, then gives the one answer: ${name}`, async () => {
        const command = await make();
        const key = randomUUID();
        const held = shared.holdCommit(when);
        const unknown = post(behindProxy, command, key);
        await held.reached;
        held.cut();
        const reply = await unknown;
        assert.equal(
          `${reply.status} ${reply.body.error?.code} ${reply.body.error?.dependency}`,
          "503 DEPENDENCY_UNAVAILABLE postgres",
        );
        assert.equal(reply.retryAfter, "1");

        const retry = await post(behindProxy, command, key);
        assert.ok(retry.status < 300, retry.text);
        assert.equal(retry.replayed, committed);
        assert.deepEqual(await effectsOf(database.url, key), effects);
        await assertTrue(retry, key);
      });
    }
  });
}

test("and the audit trail holds after all of it", async () => {
  assert.deepEqual((await reportOn(database.url)).faults, []);
});
