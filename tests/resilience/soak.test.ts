// The soak, short: a steady load on two APIs and two workers while one of each is killed. What the clients were told must be
// what the database has. Twenty seconds say nothing about memory; handles and connections must be flat all the same.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { seedPlaces } from "../../scripts/bench/seed.ts";
import { brokenRules, soak } from "../../scripts/bench/soak/soak.ts";
import { createTestDatabase } from "../support/database.ts";

const seed = 7;

test("nothing is lost and nothing piles up under a steady load while processes are killed", { timeout: 180_000 }, async (t) => {
  const { url: databaseUrl } = await createTestDatabase(t);
  const dataDir = await mkdtemp(join(tmpdir(), "dispatch-soak-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  await seedPlaces(databaseUrl);

  const report = await soak({
    databaseUrl, dataDir, seed, seconds: 20, rate: 30, warmUpSeconds: 0, clients: 6, longEvery: 6, killEverySeconds: 3, sampleSeconds: 1,
    say: () => undefined, signal: t.signal,
  });

  assert.deepEqual(brokenRules(report), [], report.proof.story.join("\n"));
  const { commands, kills, met, proof, growth } = report;
  for (const [name, count] of Object.entries(kills)) assert.ok(count > 0, `${name} was never killed`);
  for (const { of, unit, allowed } of growth) assert.ok(unit !== "connections" || allowed !== null, `${of} were not judged`);
  assert.ok(commands > 0 && proof.events >= commands, `${commands} commands, ${proof.events} events`);
  assert.ok(proof.objects > 0, "no file was uploaded");
  t.diagnostic(`seed ${seed}: ${commands} commands, killed ${JSON.stringify(kills)}, met ${JSON.stringify(met)}`);
});
