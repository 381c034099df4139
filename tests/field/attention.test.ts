// What somebody has to look at, from a ticket's row and the time.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  attentionOf,
  attentionToType,
  lostChoice,
  rosterReasons,
  shortOf,
  type AttentionRow,
} from "../../dispatch/field/attention.ts";
import { ticketStates } from "../../dispatch/contract/states.ts";
import { loadPolicy } from "../../dispatch/policy/load.ts";

const start = "2026-03-02T10:00:00.000Z";
const end = "2026-03-02T11:00:00.000Z";
const moved = "2026-03-01T09:00:00.000Z";
const [before, during, after] = ["2026-03-02T09:59:59.999Z", "2026-03-02T10:00:00.001Z", "2026-03-02T11:00:00.001Z"];

const rowIn = (state: string, more: Partial<AttentionRow> = {}): AttentionRow => ({
  state,
  scheduled_start: start,
  scheduled_end: end,
  missed_part: null,
  unheard_since: null,
  at_door: state === "ON_SITE" || state === "IN_PROGRESS",
  assigned_tech_id: "someone",
  last_transition_at: moved,
  assign_reason: null,
  assign_unable: false,
  attention_code: null,
  attention_since: null,
  helpers_missing: 0,
  ...more,
});
const codeOf = (row: AttentionRow, now: string): string | null => attentionOf(row, now, now)?.code ?? null;

for (const [state, atStart, atEnd] of [
  ["SCHEDULED", "NOT_SENT", "NOT_SENT"],
  ["DISPATCHED", "LATE_ARRIVAL", "LATE_ARRIVAL"],
  ["ON_SITE", null, "OVERRUN"],
  ["IN_PROGRESS", null, "OVERRUN"],
] as const)
  test(`${state} needs ${atStart ?? "nobody"} once its start is past, and ${atEnd} once its end is`, () => {
    const codes = [before, start, during, end, after].map((now) => codeOf(rowIn(state), now));
    assert.deepEqual(codes, [null, null, atStart, atStart, atEnd]);
    const since = atEnd === "OVERRUN" ? end : start;
    assert.equal(attentionOf(rowIn(state), after, after)?.since, since);
  });

test("a visit that is near and that nobody is to go to needs somebody, whatever the reason", () => {
  const near = (over: Partial<AttentionRow>) => attentionOf(rowIn("SCHEDULED", over), before, during)?.code ?? null;
  for (const assign_reason of [null, "HANDS_OFF", "AUTONOMY_DISABLED", "DEFECT"])
    assert.equal(near({ assigned_tech_id: null, assign_reason }), "NOT_SENT");
  assert.equal(near({}), null);
  assert.equal(codeOf(rowIn("SCHEDULED", { assigned_tech_id: null }), before), null);
});

test("every reason for which the roster cannot serve a ticket is told", () => {
  assert.ok(rosterReasons.size >= 6);
  for (const assign_reason of rosterReasons)
    assert.equal(codeOf(rowIn("SCHEDULED", { assigned_tech_id: null, assign_reason }), before), "NOBODY_FREE");
  for (const assign_reason of lostChoice) assert.ok(rosterReasons.has(assign_reason));
});

test("work that came back from the quality check runs over at no door", () => {
  assert.equal(codeOf(rowIn("IN_PROGRESS", { at_door: false }), after), null);
});

test("no other state is late, and none without a time", () => {
  for (const state of ticketStates) {
    if (!["SCHEDULED", "DISPATCHED", "ON_SITE", "IN_PROGRESS"].includes(state))
      assert.equal(attentionOf(rowIn(state), after, after), null, state);
    assert.equal(attentionOf(rowIn(state, { scheduled_start: null, scheduled_end: null }), after, after), null, state);
  }
});

test("what the worker found nobody for says whether time or ability is wanting, from the promise on", () => {
  const alone = { assigned_tech_id: null, assign_reason: "NOBODY_AVAILABLE" };
  assert.deepEqual(attentionOf(rowIn("SCHEDULED", alone), before, before), {
    code: "NOBODY_FREE",
    since: moved,
    detail: "Nobody who can do this work is free at the promised time.",
  });
  assert.equal(codeOf(rowIn("SCHEDULED", { ...alone, assign_unable: true }), after), "NOBODY_ABLE");
  const booked = { assigned_tech_id: "someone" };
  assert.equal(codeOf(rowIn("SCHEDULED", booked), before), null);
  assert.equal(codeOf(rowIn("SCHEDULED", { ...booked, assign_reason: "TECH_UNAVAILABLE" }), before), "NOT_SENT");
  for (const reason of [null, "AUTONOMY_DISABLED", "DEFECT"])
    assert.equal(codeOf(rowIn("SCHEDULED", { ...alone, assign_reason: reason }), before), null, `${reason}`);
});

test("too few for a crew is told with how many it takes, and a crew that is short while somebody leads it", () => {
  const waits = { assigned_tech_id: null, assign_reason: shortOf({ needed: 3, free: 1 }) };
  const detail = "The visit takes 3 people at once, and 1 is free at the promised time.";
  assert.deepEqual(attentionOf(rowIn("SCHEDULED", waits), before, before), {
    code: "NOBODY_FREE",
    since: moved,
    detail,
  });
  const short = { helpers_missing: 2, attention_code: "NOBODY_FREE", attention_since: start } as const;
  assert.deepEqual(attentionOf(rowIn("SCHEDULED", short), before, before), {
    code: "NOBODY_FREE",
    since: start,
    detail: "The crew is short of 2 helpers; assignment.crew names who goes along.",
  });
  assert.equal(codeOf(rowIn("DISPATCHED", short), during), "LATE_ARRIVAL");
  assert.equal(codeOf(rowIn("IN_PROGRESS", short), after), "OVERRUN");
  assert.equal(codeOf(rowIn("SCHEDULED", { ...short, helpers_missing: 0 }), before), null);
});

test("what only a command knew stays until it is told to be over, behind what is worse", () => {
  const ended = { attention_code: "HOLD_ENDED", attention_since: moved } as const;
  assert.equal(attentionOf(rowIn("READY_TO_SCHEDULE", ended), after, after)?.since, moved);
  const twice = { attention_code: "PROMISED_TWICE", attention_since: moved } as const;
  assert.equal(codeOf(rowIn("SCHEDULED", twice), before), "PROMISED_TWICE");
  assert.equal(codeOf(rowIn("SCHEDULED", twice), during), "NOT_SENT");
  assert.equal(codeOf(rowIn("SCHEDULED", { attention_code: "NOT_SENT", attention_since: moved }), before), null);
});

test("an unknown kind of work is told without asking what it is like", () => {
  const policy = loadPolicy("pilot");
  let asked = 0;
  const incidentTypes = Object.fromEntries(
    Object.entries(policy.incidentTypes).map(([name, work]) => [
      name,
      {
        ...work,
        get words() {
          asked++;
          return work.words;
        },
      },
    ]),
  );
  const of = (incident_type: string) =>
    attentionToType({ ...rowIn("NEW"), incident_type }, { ...policy, incidentTypes })?.code ?? null;
  assert.deepEqual(["DOOR_WONT_LATHC", "DOOR_WONT_LATCH", "DOOR_WONT_LATCH_V2"].map(of), [
    "UNKNOWN_INCIDENT_TYPE",
    null,
    null,
  ]);
  assert.equal(asked, 0);
});
