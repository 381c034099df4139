// The soak, short: a steady load on two APIs and two workers while one of each is killed. What the clients were told must be
// what the database has. Twenty seconds say nothing about memory; handles and connections must be flat all the same.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type pg from "pg";
import { seedPlaces, withClient } from "../../lab/bench/seed.ts";
import { grew, growthOf } from "../../lab/bench/soak/flatness.ts";
import { Ledger } from "../../lab/bench/soak/ledger.ts";
import { proveSoak } from "../../lab/bench/soak/proof.ts";
import type { Sample } from "../../lab/bench/soak/samples.ts";
import { brokenRules, soak } from "../../lab/bench/soak/soak.ts";
import { createTestDatabase } from "../support/database.ts";

const seed = 7;

test("nothing is lost and nothing piles up under a steady load while processes are killed", async (t) => {
  const { url: databaseUrl } = await createTestDatabase(t);
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-soak-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  await seedPlaces(databaseUrl);

  const report = await soak({
    databaseUrl,
    dataDir,
    seed,
    seconds: 20,
    rate: 30,
    warmUpSeconds: 0,
    clients: 6,
    longEvery: 6,
    killEverySeconds: 3,
    sampleSeconds: 1,
    say: () => undefined,
    signal: t.signal,
  });

  assert.deepEqual(brokenRules(report), [], report.proof.story.join("\n"));
  const { commands, kills, met, proof, growth } = report;
  for (const [name, count] of Object.entries(kills)) assert.ok(count > 0, `${name} was never killed`);
  for (const { of, unit, allowed } of growth)
    assert.ok(unit !== "connections" || allowed !== null, `${of} were not judged`);
  assert.ok(commands > 0 && proof.events >= commands, `${commands} commands, ${proof.events} events`);
  assert.ok(proof.objects > 0, "no file was uploaded");
  t.diagnostic(`seed ${seed}: ${commands} commands, killed ${JSON.stringify(kills)}, met ${JSON.stringify(met)}`);

  const violations = await withClient(databaseUrl, (owner) => proveAgainstAnother({ owner, databaseUrl, dataDir }));
  assert.equal(violations["acknowledged_not_once"], 1);
  assert.equal(violations["done_and_never_acknowledged"], commands);
  assert.equal(violations["objects_not_whole"], 1);
  assert.ok((violations["state_not_explained"] ?? 0) > 0);
});

type Desk = { owner: pg.Client; databaseUrl: string; dataDir: string };

/** The same proof with clients who were told something else, and with a file gone. @returns what it finds */
async function proveAgainstAnother({ owner, databaseUrl, dataDir }: Desk): Promise<Readonly<Record<string, number>>> {
  const { rows } = await owner.query<{ ticket_id: string; uri: string }>(
    "SELECT ticket_id, uri FROM evidence_items WHERE verification = 'verified' LIMIT 1",
  );
  const [{ ticket_id: ticketId = "", uri = "" } = {}] = rows;
  const ledger = new Ledger(join(dataDir, "another.csv"));
  ledger.keep({ key: randomUUID(), ticketId, receiptId: randomUUID(), hash: "0", afterState: "NEW" });
  await rm(join(dataDir, "objects/objects", encodeURIComponent(new URL(uri).pathname.slice(1))));
  return (await proveSoak({ owner, databaseUrl, dataDir, ledger })).violations;
}

type Held = { memory: number; heap: number; handles: number; connections: number };
const flat: Held = { memory: 200, heap: 45, handles: 40, connections: 20 };

/** A sample each five seconds of an API that holds what is told. */
const samplesOf = (count: number, held: (n: number) => Partial<Held>): Sample[] =>
  Array.from({ length: count }, (_, n) => {
    const { memory, heap, handles, connections } = { ...flat, ...held(n) };
    const api = {
      name: "API 1",
      role: "api",
      age_seconds: n * 5,
      memory_mib: memory,
      heap_mib: heap,
      handles,
    } as const;
    return {
      at_seconds: n * 5,
      commands: n,
      processes: [api],
      connections: { "dispatch-api": connections, "dispatch-api listen": 2 },
      database_mib: 1,
      dead_rows: 0,
    };
  });

const grown = (count: number, held: (n: number) => Partial<Held>): string[] =>
  growthOf(samplesOf(count, held))
    .filter(grew)
    .map(({ of }) => of);
const halfAnHour = 361;

test("what grows from the second quarter to the last is told", () => {
  assert.deepEqual(
    grown(halfAnHour, () => ({})),
    [],
  );
  assert.deepEqual(
    grown(halfAnHour, (n) => ({ memory: 200 + n / 2 })),
    ["API 1, resident memory"],
  );
  assert.deepEqual(
    grown(halfAnHour, (n) => ({ heap: 45 + n / 10 })),
    ["API 1, lowest heap"],
  );
  assert.deepEqual(
    grown(halfAnHour, (n) => ({ handles: 40 + n / 10, connections: 20 + n / 10 })),
    ["API 1, file handles", "each api"],
  );
});

test("growing into the load, garbage and a run too short for memory are no growth", () => {
  assert.deepEqual(
    grown(halfAnHour, (n) => ({ memory: n < 90 ? 100 + n : 200 })),
    [],
  );
  assert.deepEqual(
    grown(halfAnHour, (n) => ({ heap: 45 + ((n * 7) % 60) })),
    [],
  );
  assert.deepEqual(
    grown(37, (n) => ({ memory: 200 + 9 * n, heap: 45 + n, handles: 40 + n })),
    ["API 1, file handles"],
  );
  assert.deepEqual(
    grown(8, (n) => ({ handles: 100 * n })),
    [],
    "too few samples",
  );
});
