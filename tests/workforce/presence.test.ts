// Who can be given work, by what an agent says and what is known of a technician.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  activities,
  isHeartbeatLost,
  presenceOfAgent,
  presenceOfTechnician,
  takesNoNewWork,
  type Activity,
  type Presence,
  type TechnicianFacts,
} from "../../dispatch/workforce/presence.ts";
import { ago, now } from "./worker-fixtures.ts";

const heard = (activity: Activity, silentMs = 0, stopped = false) =>
  presenceOfAgent({ activity, stopped, heartbeatAt: ago(silentMs) }, now);

describe("an agent", () => {
  const table: Record<Activity, Presence> = {
    idle: "ready",
    completed: "ready",
    starting: "sleeping",
    working: "busy",
    waiting_for_input: "busy",
    waiting_for_vote: "busy",
    paused: "busy",
    errored: "degraded",
  };
  for (const activity of activities)
    it(`${activity} is ${table[activity]}`, () => assert.equal(heard(activity), table[activity]));

  it("takes no new work while paused, and only then", () => {
    assert.deepEqual(activities.filter(takesNoNewWork), ["paused"]);
  });

  it("is degraded when nothing is heard for more than 120 s, if it is one that ought to be heard", () => {
    assert.equal(heard("idle", 120_000), "ready");
    const silent = activities.map((activity) => heard(activity, 120_001));
    const expected = activities.map((activity) => (activity === "starting" ? "sleeping" : "degraded"));
    assert.deepEqual(silent, expected);
  });

  it("that has stopped has stopped, whatever it said last and however long ago", () => {
    for (const activity of activities)
      for (const silent of [0, 120_001]) assert.equal(heard(activity, silent, true), "stopped");
  });

  it("is late from the first millisecond over 120 s", () => {
    assert.deepEqual(
      [120_000, 120_001].map((ms) => isHeartbeatLost(ago(ms), now)),
      [false, true],
    );
  });
});

describe("a technician", () => {
  const free = { signedOff: false, flagged: false, onShift: true, onJob: false, policy: "always_on" } as const;
  const cases: [string, Partial<TechnicianFacts>, Presence][] = [
    ["on shift and free", {}, "ready"],
    ["on a job", { onJob: true }, "busy"],
    ["on a job after the shift", { onJob: true, onShift: false }, "busy"],
    ["off shift and on demand", { onShift: false, policy: "on_demand" }, "sleeping"],
    ["off shift and always on", { onShift: false }, "stopped"],
    ["flagged", { flagged: true, onJob: true }, "degraded"],
    ["signed off", { signedOff: true, flagged: true, onJob: true }, "stopped"],
  ];
  for (const [what, over, presence] of cases)
    it(`${what} is ${presence}`, () => assert.equal(presenceOfTechnician({ ...free, ...over }), presence));
});
