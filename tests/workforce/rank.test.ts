// Who is the best for a task, and why somebody else is not.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Presence } from "../../dispatch/workforce/presence.ts";
import {
  rank,
  unmatchedReason,
  type Candidate,
  type RankReason,
  type WorkRequest,
} from "../../dispatch/workforce/rank.ts";
import { ago, anyRequest, anyWorkers, now, shuffled, worker } from "./worker-fixtures.ts";

const glazing: WorkRequest = { requiredCapabilities: ["glazing"], priority: 3 };
const ranked = (...candidates: readonly Candidate[]) => rank(glazing, candidates, { now });
const only = (over: Partial<Candidate>, request = glazing) => rank(request, [worker("a", over)], { now })[0];
const order = (...candidates: readonly Candidate[]) => ranked(...candidates).map((one) => one.worker);

describe("a worker's score", () => {
  const scores: Record<Presence, readonly number[]> = {
    ready: [1.4, 1.3, 1.2, 1.1, 1],
    sleeping: [1.12, 1.04, 0.96, 0.88, 0.8],
    busy: [0.7, 0.65, 0.6, 0.55, 0.5],
    degraded: [0, 0, 0, 0, 0],
    stopped: [0, 0, 0, 0, 0],
  };
  for (const [presence, row] of Object.entries(scores) as [Presence, number[]][])
    it(`of one who is ${presence} is ${row.join(", ")} by priority`, () => {
      const found = [1, 2, 3, 4, 5].map((priority) => only({ presence }, { ...glazing, priority })?.score);
      assert.deepEqual(found, row);
    });

  const nothing: [string, Partial<Candidate>, RankReason][] = [
    ["lacks a capability", { capabilities: ["doors"] }, "no_capability"],
    ["is drained", { drained: true }, "drained"],
    ["is paused", { presence: "busy", paused: true }, "unavailable"],
    ["is degraded", { presence: "degraded" }, "unavailable"],
    ["has stopped", { presence: "stopped" }, "unavailable"],
    ["is ready and full", { load: 3 }, "full"],
    ["is over the limit", { load: 4 }, "full"],
    ["is busy and full", { presence: "busy", load: 3 }, "full"],
    ["did not wake a moment ago", { presence: "sleeping", wakeFailedAt: ago(59_999) }, "wake_failed"],
  ];
  for (const [what, over, reason] of nothing)
    it(`is 0 for one who ${what}`, () => {
      const one = only(over);
      assert.deepEqual([one?.score, one?.eligible, one?.reason], [0, false, reason]);
    });

  it("counts again a minute after a failed wake, and at once for who is awake since", () => {
    for (const over of [
      { presence: "sleeping", wakeFailedAt: ago(60_000) },
      { presence: "ready", wakeFailedAt: ago(1) },
    ] as const)
      assert.equal(only(over)?.reason, null);
  });

  it("takes all required capabilities, in any letter case", () => {
    const wanted = { requiredCapabilities: ["Glazing", " DOORS "], priority: 3 };
    assert.equal(only({ capabilities: ["gLAZING", "doors", "billing"] }, wanted)?.score, 1.2);
    assert.equal(only({ capabilities: ["glazing"] }, wanted)?.reason, "no_capability");
    assert.equal(only({ capabilities: [] }, { requiredCapabilities: [], priority: 3 })?.score, 1.2);
  });

  it("names the first step that is not passed", () => {
    const failing = { capabilities: [], drained: true, presence: "stopped", load: 3 } as const;
    assert.equal(only(failing)?.reason, "no_capability");
    assert.equal(only({ ...failing, capabilities: ["glazing"] })?.reason, "drained");
    assert.equal(only({ presence: "stopped", load: 3 })?.reason, "unavailable");
    assert.equal(only({ presence: "sleeping", load: 3, wakeFailedAt: ago(1) })?.reason, "full");
  });
});

describe("the order", () => {
  it("is by score", () => {
    const presence = (slug: string, one: Presence) => worker(slug, { presence: one });
    assert.deepEqual(order(presence("a", "busy"), presence("b", "sleeping"), presence("c", "ready")), ["c", "b", "a"]);
  });

  it("among equal scores by load, then by who has waited longest, then by slug", () => {
    const list = [
      worker("a", { load: 1 }),
      worker("b", { lastAssignedAt: ago(1) }),
      worker("c", { lastAssignedAt: ago(2) }),
      worker("e"),
      worker("d"),
    ];
    assert.deepEqual(order(...list), ["d", "e", "c", "b", "a"]);
  });

  it("puts who is awake before any number of sleepers, whatever else counts for those", () => {
    const sleepers = Array.from({ length: 10 }, (_, at) => worker(`a${at}`, { presence: "sleeping" }));
    const awake = worker("z", { load: 2, lastAssignedAt: ago(0) });
    assert.equal(order(...sleepers, awake)[0], "z");
  });

  it("is the same at any priority, and however the candidates come", () => {
    fc.assert(
      fc.property(
        anyWorkers,
        anyRequest,
        fc.array(fc.nat(), { minLength: 12, maxLength: 12 }),
        (list, request, noise) => {
          const at = (priority: number) =>
            rank({ ...request, priority }, shuffled(list, noise), { now }).map((one) => [one.worker, one.reason]);
          const expected = rank({ ...request, priority: 1 }, list, { now }).map((one) => [one.worker, one.reason]);
          for (const priority of [1, 2, 3, 4, 5]) assert.deepEqual(at(priority), expected);
        },
      ),
    );
  });
});

describe("the factors", () => {
  it("say what each step came to", () => {
    const one = only(
      { capabilities: ["doors"], presence: "sleeping", drained: true, load: 3, wakeFailedAt: ago(1), zones: ["ca"] },
      { ...glazing, zone: "NV" },
    );
    assert.deepEqual(one?.factors, [
      { name: "capability", value: 0, weight: 1, note: "lacks glazing" },
      { name: "availability", value: 0.8, weight: 1, note: "sleeping" },
      { name: "capacity", value: 0, weight: 1, note: "has 3 of at most 3" },
      { name: "drain", value: 0, weight: 1, note: "drained" },
      { name: "wake", value: 0, weight: 1, note: "did not wake a moment ago" },
      { name: "priority", value: 1.2, weight: 1, note: "priority 3, the same for all" },
      { name: "zone", value: 0, weight: 0, note: "does not work in NV" },
      { name: "load", value: 3, weight: 0, note: "the lower comes first where scores are equal" },
    ]);
  });

  it("name the zone only where the request has one", () => {
    const names = (zone: string | null) =>
      only({ zones: ["CA"] }, { ...glazing, zone })?.factors.find(({ name }) => name === "zone");
    assert.deepEqual([names(null), names(" ")], [undefined, undefined]);
    assert.equal(names("ca")?.value, 1);
  });

  it("of weight 1 multiply to the score, and eligible is who has one", () => {
    fc.assert(
      fc.property(anyWorkers, anyRequest, (list, request) => {
        for (const { score, eligible, reason, factors } of rank(request, list, { now })) {
          const product = factors.reduce((so, { value, weight }) => so * value ** weight, 1);
          assert.equal(score, Math.round(product * 100) / 100);
          assert.equal(eligible, score > 0);
          assert.equal(eligible, reason === null);
        }
      }),
    );
  });
});

describe("the reason that a task finds nobody", () => {
  const steps: [Partial<Candidate>, string][] = [
    [{ capabilities: [] }, "no_capability"],
    [{ drained: true }, "all_drained"],
    [{ presence: "stopped" }, "all_unavailable"],
    [{ load: 3 }, "all_full"],
    [{ presence: "sleeping", wakeFailedAt: ago(1) }, "wake_failed"],
  ];

  it("is the furthest step that any candidate reached", () => {
    for (const [at, [, reason]] of steps.entries()) {
      const reached = steps.slice(0, at + 1).map(([over], index) => worker(`w${index}`, over));
      assert.equal(unmatchedReason(ranked(...reached)), reason);
      assert.equal(unmatchedReason(ranked(...reached.toReversed())), reason);
    }
  });

  it("is that nobody is capable where there is nobody", () => assert.equal(unmatchedReason([]), "no_capability"));

  it("is none where somebody is eligible", () => {
    assert.equal(unmatchedReason(ranked(...steps.map(([over], at) => worker(`w${at}`, over)), worker("z"))), null);
  });
});
