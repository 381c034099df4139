// Workers and tasks for the tests of who gets which.

import fc from "fast-check";
import type { BatchCandidate, QueuedTask } from "../../dispatch/workforce/assign-batch.ts";
import { presences } from "../../dispatch/workforce/presence.ts";

export const now = Date.parse("2026-03-02T12:00:00.000Z");
/** ISO 8601 */
export const ago = (ms: number): string => new Date(now - ms).toISOString();

export const worker = (slug: string, over: Partial<BatchCandidate> = {}): BatchCandidate => ({
  slug,
  kind: "agent",
  capabilities: ["glazing"],
  presence: "ready",
  drained: false,
  load: 0,
  maxConcurrent: 3,
  lastAssignedAt: null,
  wakeFailedAt: null,
  ...over,
});

export const task = (id: string, over: Partial<QueuedTask> = {}): QueuedTask => ({
  id,
  createdAt: ago(0),
  requiredCapabilities: ["glazing"],
  priority: 3,
  ...over,
});

const capabilities = fc.subarray(["glazing", "Doors", "BILLING"]);
const priority = fc.integer({ min: 1, max: 5 });
const zone = fc.constantFrom("CA", "nv", "");
const moment = fc.constantFrom(0, 1, 59_999, 60_000, 90_000).map(ago);

/** Any workers, no two of one slug. */
export const anyWorkers = fc
  .array(
    fc.record({
      kind: fc.constantFrom("agent", "technician"),
      capabilities,
      presence: fc.constantFrom(...presences, "ready", "sleeping"),
      drained: fc.constantFrom(false, false, false, true),
      paused: fc.constantFrom(false, false, false, true),
      load: fc.nat(3),
      maxConcurrent: fc.integer({ min: 1, max: 4 }),
      lastAssignedAt: fc.option(moment),
      wakeFailedAt: fc.option(moment),
      zones: fc.subarray(["ca", "NV"]),
      waking: fc.boolean(),
    }),
    { maxLength: 12 },
  )
  .map((list) => list.map((one, at): BatchCandidate => worker(`w${at}`, one as Partial<BatchCandidate>)));

export const anyRequest = fc.record({ requiredCapabilities: capabilities, priority, zone: fc.option(zone) });

export const anyTasks = fc
  .array(fc.tuple(anyRequest, moment), { maxLength: 20 })
  .map((list) => list.map(([request, createdAt], at) => task(`t${at}`, { ...request, createdAt })));

export const shuffled = <T>(list: readonly T[], noise: readonly number[]): T[] =>
  list
    .map((one, at) => ({ one, key: noise[at % noise.length] ?? 0 }))
    .sort((a, b) => a.key - b.key)
    .map(({ one }) => one);
