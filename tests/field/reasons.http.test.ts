// Every reason for which somebody is left out, produced through the API alone: the roster's commands arrange it, and
// slots, recommendation and booking all give the same one. And what is said when nobody could ever come.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { objectsIn, startTestApi, type CallOptions, type TestApi } from "../support/api.ts";
import { ticketIn } from "../support/ticket-builder.ts";

const weekdays = [1, 2, 3, 4, 5, 6, 7];
const window = { start: "2026-03-03T09:00:00.000Z", end: "2026-03-03T12:00:00.000Z" };
const visitMinutes = 180;
const hours = { weekdays, start_time: "09:00", end_time: "12:00", time_zone: "UTC" };
const able = { zone: "CA", skills: ["auto_operator", "door_hardware"], tools: ["multimeter"] };

type Arranged = {
  /** Fields of roster.upsert in place of those of somebody who could come. */
  readonly person?: object;
  /** Shifts in place of the very hours of the visit; null leaves none on record. */
  readonly shifts?: readonly object[] | null;
  readonly then?: (api: TestApi, techId: string, ticket: string) => Promise<unknown>;
  /** Who asks; a dispatcher unless said otherwise. */
  readonly asking?: CallOptions;
  /** What a recommendation says, where a person may still decide for them: nothing. */
  readonly ranked?: true;
};

const worker = { headers: { "x-actor-type": "SERVICE" } };
const reasons: Readonly<Record<string, Arranged>> = {
  NO_SHIFT: { shifts: null },
  OFF_SHIFT: { shifts: [{ ...hours, start_time: "09:01" }] },
  TIME_OFF: { then: (api, technician) => api.run("roster.time_off", { technician, body: { add: [{ start: "2026-03-03T11:59:00Z", end: "2026-03-04T00:00:00Z" }] } }) },
  BOOKED: {
    then: async (api, techId) => ticketIn(api, "DISPATCHED", { techId, window: { start: "2026-03-03T10:00:00.000Z", end: "2026-03-03T10:30:00.000Z" } }),
  },
  SKILL_MISSING: { person: { skills: ["door_hardware"] } },
  TOOL_MISSING: { person: { tools: [] } },
  ZONE_MISMATCH: { person: { zone: "NV" }, ranked: true },
  DRAINED: { then: (api, technician) => api.run("roster.drain", { technician, body: { reason: "van in the workshop" } }) },
  INACTIVE: { person: { active: false } },
  TOO_FAR: { person: { home: { lat: 38.2, lon: -122.27 } } },
  AUTONOMY_PAUSED: {
    asking: worker,
    then: (api, _techId, ticket) => api.run("ops.autonomy.pause", { body: { scope_type: "TICKET", ticket_id: ticket, reason: "complaint" } }),
  },
};

async function arrange(api: TestApi, { person = {}, shifts = [hours], then }: Arranged) {
  const { technician } = await api.run("roster.upsert", { body: { name: "Somebody", ...able, ...person } });
  if (shifts) await api.run("roster.set_shifts", { technician: technician.id, body: { shifts } });
  const { id: ticket } = await ticketIn(api, "READY_TO_SCHEDULE", { incidentType: "AUTO_OPERATOR_FAULT" });
  await then?.(api, technician.id, ticket);
  return { techId: technician.id, ticket };
}

describe("the reason why somebody is left out", async () => {
  const api = await startTestApi({ profile: "strict" });

  for (const [reason, arranged] of Object.entries(reasons)) {
    test(reason, async () => {
      const { techId, ticket } = await arrange(api, arranged);
      const { asking = {} } = arranged;
      const wish = { earliest: window.start, latest: window.end, duration_minutes: visitMinutes, tech_id: techId };
      const query = new URLSearchParams({ ...wish, duration_minutes: String(visitMinutes) }).toString();
      const { slots, rejected } = await api.read("schedule.slots", { ticket, query, ...asking });
      assert.deepEqual([slots, rejected.map((one) => [one.tech_id, one.reason])], [[], [[techId, reason]]]);
      assert.match(rejected[0]?.detail ?? "", /\w{2,} \w+/, "a sentence says more");

      const recommend = { ticket, ...asking, body: { service_type: "DEFAULT", recommendation_limit: 20, preferred_window: window } };
      const ranking = await api.run("assignment.recommend", recommend);
      const why = ranking.rejected.find(({ tech_id }) => tech_id === techId)?.reason;
      const ranked = ranking.recommendations.find(({ tech_id }) => tech_id === techId);
      if (arranged.ranked) assert.deepEqual([why, ranked?.matches.zone], [undefined, false], "the zone counts in the score");
      else assert.deepEqual([why, ranked], [reason, undefined]);

      const { error } = await api.refuse("schedule.book", { ticket, ...asking, body: wish });
      assert.equal(error.code, "NO_FEASIBLE_SLOT");
      assert.deepEqual(objectsIn(error["rejected"]).map((one) => [one["tech_id"], one["reason"]]), [[techId, reason]]);
    });
  }

  test("is none at all for somebody who has what is asked and is there", async () => {
    const { techId, ticket } = await arrange(api, {});
    const { technician_id, start } = (await api.run("schedule.book", { ticket, body: { tech_id: techId, earliest: window.start, latest: window.end, duration_minutes: visitMinutes } })).booking;
    assert.deepEqual([technician_id, start], [techId, window.start]);
  });

  test("is no pause for a person, who goes on", async () => {
    const { techId, ticket } = await arrange(api, reasons["AUTONOMY_PAUSED"] ?? assert.fail());
    await api.run("schedule.book", { ticket, body: { tech_id: techId } });
  });
});

describe("somebody on call", async () => {
  const api = await startTestApi({ profile: "strict" });
  const { techId } = await arrange(api, { shifts: [{ ...hours, start_time: "13:00", end_time: "17:00" }, { ...hours, on_call: true }] });
  const asked = async (priority: "EMERGENCY" | "URGENT" | "ROUTINE") => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { priority, incidentType: "AUTO_OPERATOR_FAULT" });
    const query = `tech_id=${techId}&earliest=${window.start}&latest=${window.end}&duration_minutes=${visitMinutes}`;
    return api.read("schedule.slots", { ticket: id, query });
  };

  test("comes for an emergency, and for nothing else", async () => {
    assert.deepEqual((await asked("EMERGENCY")).slots.map(({ start }) => start), [window.start]);
    for (const priority of ["URGENT", "ROUTINE"] as const) {
      const { slots, rejected } = await asked(priority);
      assert.deepEqual([slots, rejected.map(({ reason }) => reason)], [[], ["OFF_SHIFT"]], priority);
    }
  });
});

describe("what nobody on the roster has", async () => {
  const api = await startTestApi();
  const triage = { priority: "URGENT", incident_type: "FRAME_OR_GLASS_DAMAGE", workflow_outcome: "READY_TO_SCHEDULE" };
  const triagedPayload = async (id: string) => {
    const { receipt } = await api.run("ticket.triage", { ticket: id, body: triage });
    const { events } = await api.read("ticket.timeline", { ticket: id });
    return Object(events.find((event) => event.id === receipt.receipt_id)?.payload);
  };
  const warnings = async (id: string) => (await api.run("assignment.recommend", { ticket: id, body: { service_type: "DEFAULT" } })).warnings;

  test("is said at triage and with every recommendation, until somebody has it", async () => {
    await api.owner.query("UPDATE technicians SET skills = '{door_hardware}', tools = '{}'");
    const { id } = await ticketIn(api, "NEW");
    assert.deepEqual((await triagedPayload(id))["nobody_has"], { skills: ["glazing"], tools: ["glass_lifter"] });
    const [skill = "", tool = ""] = (await warnings(id)) ?? [];
    assert.match(skill, /skill glazing/);
    assert.match(tool, /tool glass_lifter/);

    const { technician } = await api.run("roster.upsert", { body: { name: "Glazier", skills: ["glazing"], tools: ["glass_lifter"], active: false } });
    assert.equal((await warnings(id))?.length, 2, "who no longer works here does not count");
    await api.run("roster.upsert", { body: { tech_id: technician.id, active: true } });
    assert.equal(await warnings(id), undefined);
    const next = await ticketIn(api, "NEW");
    assert.equal((await triagedPayload(next.id))["nobody_has"], undefined);
  });
});
