// Incident types the policy does not know: refused or warned of at every door, and known ones with a version behind them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadPolicy } from "../../dispatch/policy/load.ts";
import { profiles, startTestApi, type TestApi } from "../support/api.ts";
import { acme } from "../support/directory.ts";
import { latchEvidence, ticketIn } from "../support/ticket-builder.ts";

const known = Object.keys(loadPolicy("pilot").incidentTypes).sort();
const call = {
  account_id: acme.id,
  site_id: acme.oakland,
  summary: "Operator dead",
  customer_name: "Kim Lee",
  contact_phone: "510 555 0100",
  priority: "ROUTINE",
  identity_confidence: 90,
  classification_confidence: 90,
  sop_handoff_acknowledged: true,
};

/** Each door by which a ticket gets its type. */
const doors: readonly (readonly [tool: "ticket.triage" | "ticket.blind_intake", send: Send])[] = [
  ["ticket.triage", async (api, type) => ({ ticket: (await ticketIn(api, "NEW")).id, body: triage(type) })],
  ["ticket.blind_intake", async (_api, type) => ({ body: { ...call, incident_type: type } })],
];
type Send = (api: TestApi, type: string) => Promise<{ ticket?: string; body: object }>;
const triage = (incident_type: string) => ({ priority: "ROUTINE", incident_type, ready_to_schedule: true });
const scope = (incident_type: string) => ({ body: { scope_type: "INCIDENT", incident_type } });

for (const profile of profiles) {
  describe(`under ${profile}`, async () => {
    const api = await startTestApi({ profile });

    for (const [tool, send] of doors) {
      test(`${tool} ${profile === "strict" ? "refuses" : "warns of"} a type the policy does not know`, async () => {
        const sent = await send(api, "auto_operatr_fault");
        if (profile === "strict") {
          const { status, error } = await api.refuse(tool, sent);
          assert.deepEqual([status, error.code], [400, "INVALID_REQUEST"]);
          assert.partialDeepStrictEqual(error, { known, closest: "AUTO_OPERATOR_FAULT" });
          const [violation] = error["validation_errors"] as { path: string; message: string }[];
          assert.equal(violation?.path, "incident_type");
          assert.match(violation?.message ?? "", /AUTO_OPERATOR_FAULT is meant/);
        } else {
          const { incident_type, warnings } = await api.run(tool, sent);
          assert.equal(incident_type, "AUTO_OPERATR_FAULT");
          const [warning, ...more] = warnings ?? [];
          assert.deepEqual(more, []);
          assert.partialDeepStrictEqual(warning, {
            code: "UNKNOWN_INCIDENT_TYPE",
            known,
            closest: "AUTO_OPERATOR_FAULT",
          });
        }
      });

      test(`${tool} takes a known type with a version behind it, and says nothing`, async () => {
        const { incident_type, warnings } = await api.run(tool, await send(api, "auto_operator_fault_v3"));
        assert.deepEqual([incident_type, warnings], ["AUTO_OPERATOR_FAULT_V3", undefined]);
      });
    }

    test("no scope of automation may be an unknown type, and none is asked about", async () => {
      for (const tool of ["ops.autonomy.pause", "ops.autonomy.rollback"] as const) {
        const { error } = await api.refuse(tool, scope("DOOR_WONT_LATHC"));
        assert.partialDeepStrictEqual(error, { code: "INVALID_REQUEST", known, closest: "DOOR_WONT_LATCH" });
      }
      const { error } = await api.refuse("ops.autonomy.state", { query: "incident_type=DOOR_WONT_LATHC" });
      assert.partialDeepStrictEqual(error, { code: "INVALID_QUERY", known, closest: "DOOR_WONT_LATCH" });
    });
  });
}

describe("a type with a version behind it", async () => {
  const api = await startTestApi();

  test("is paused with its kind, unless it has a scope of its own", async () => {
    const { id } = await ticketIn(api, "TRIAGED", { incidentType: "DOOR_WONT_LATCH_V2" });
    const decision = async (query: string) =>
      (await api.read("ops.autonomy.state", { query })).decision?.is_paused ?? false;
    const both = () => Promise.all([decision(`ticket_id=${id}`), decision("incident_type=DOOR_WONT_LATCH_V2")]);
    assert.deepEqual(await both(), [false, false]);
    await api.run("ops.autonomy.pause", scope("DOOR_WONT_LATCH"));
    assert.deepEqual(await both(), [true, true]);
    await api.run("ops.autonomy.rollback", scope("DOOR_WONT_LATCH_V2"));
    assert.deepEqual(await both(), [false, false]);
    assert.equal(await decision("incident_type=DOOR_WONT_LATCH"), true);
    await api.run("ops.autonomy.rollback", scope("DOOR_WONT_LATCH"));
  });

  test("has its kind's closeout template, abilities and duration", async () => {
    const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { incidentType: "AUTO_OPERATOR_FAULT_V2" });
    await api.owner.query("UPDATE technicians SET skills = '{door_hardware}'");
    const { error } = await api.refuse("schedule.book", { ticket: id });
    await api.owner.query("UPDATE technicians SET skills = '{auto_operator,door_hardware}'");
    assert.deepEqual(
      (error["rejected"] as { reason: string }[]).map(({ reason }) => reason),
      ["SKILL_MISSING", "SKILL_MISSING"],
    );
    const { booking } = await api.run("schedule.book", { ticket: id });
    assert.equal(Date.parse(booking.end) - Date.parse(booking.start), 120 * 60_000);

    const latch = await ticketIn(api, "IN_PROGRESS", { incidentType: "DOOR_WONT_LATCH_V2" });
    const { packet } = await api.read("tech.job_packet", { ticket: latch.id });
    assert.partialDeepStrictEqual(packet.evidence_requirements, {
      template_version: "1.0.0",
      required_evidence: [...latchEvidence, "signature_or_no_signature_reason"].map((key) => ({ key })),
    });
  });

  test("that was paused while it was known can be resumed", async () => {
    await api.run("ops.autonomy.pause", scope("DOOR_WONT_LATCH"));
    await api.owner.query("UPDATE autonomy_control_state SET incident_type = 'GATE_STUCK' WHERE is_paused");
    assert.equal((await api.run("ops.autonomy.rollback", scope("GATE_STUCK"))).current_is_paused, false);
  });
});
