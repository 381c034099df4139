// Completing work: what the gate asks for, in which order it says so, what a candidate may not do besides, and what QA
// checks once more.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { profiles, startTestApi, type TestApi } from "../support/api.ts";
import { addReferenced, addVerified, photoFile, store } from "../support/evidence.ts";
import {
  addAllEvidence,
  completion,
  fullChecklist,
  latchEvidence,
  reportedWork,
  ticketIn,
} from "../support/ticket-builder.ts";

const signatureKey = "signature_or_no_signature_reason";
const reason = { no_signature_reason: "nobody there" };
const gateOf = (error: { readonly [field: string]: unknown }) => {
  const { requirement_code, missing_evidence_keys, missing_checklist_keys, invalid_evidence_refs } = error;
  return { requirement_code, missing_evidence_keys, missing_checklist_keys, invalid_evidence_refs };
};
const checklistKeys = Object.keys(fullChecklist).sort();
const latchKeys = latchEvidence.toSorted();

for (const profile of profiles) {
  describe(`the closeout gate in ${profile}`, async () => {
    const api = await startTestApi({ profile });
    const add = profile === "strict" ? addVerified : addReferenced;

    test("opens step by step, and says at each step all that is left to do", async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS");
      const tryWith = async (body: object) =>
        gateOf((await api.refuse("tech.complete", { as: "tech", ticket: id, body })).error);
      const nothing = { missing_evidence_keys: [], missing_checklist_keys: [], invalid_evidence_refs: [] };

      assert.deepEqual(await tryWith({ checklist_status: {} }), {
        ...nothing,
        requirement_code: "MISSING_SIGNATURE_CONFIRMATION",
        missing_evidence_keys: [signatureKey],
        missing_checklist_keys: checklistKeys,
      });
      assert.deepEqual(await tryWith({ checklist_status: {}, no_signature_reason: "  " }), {
        ...nothing,
        requirement_code: "MISSING_SIGNATURE_CONFIRMATION",
        missing_evidence_keys: [signatureKey],
        missing_checklist_keys: checklistKeys,
      });
      const badRefs = ["s3://phone/nowhere", "00000000-0000-4000-8000-000000000000", "s3://phone/nowhere"];
      assert.deepEqual(await tryWith({ checklist_status: {}, ...reason, evidence_refs: badRefs }), {
        requirement_code: "INVALID_EVIDENCE_REFERENCE",
        missing_evidence_keys: latchKeys,
        missing_checklist_keys: checklistKeys,
        invalid_evidence_refs: ["00000000-0000-4000-8000-000000000000", "s3://phone/nowhere"],
      });
      assert.deepEqual(await tryWith({ checklist_status: {}, ...reason }), {
        ...nothing,
        requirement_code: "MISSING_REQUIREMENTS",
        missing_evidence_keys: latchKeys,
        missing_checklist_keys: checklistKeys,
      });
      assert.deepEqual(await tryWith({ checklist_status: fullChecklist, ...reason }), {
        ...nothing,
        requirement_code: "MISSING_EVIDENCE",
        missing_evidence_keys: latchKeys,
      });
      for (const key of latchEvidence) await add(api, { ticket: id }, key);
      assert.deepEqual(await tryWith({ checklist_status: { ...fullChecklist, resolution_status: false }, ...reason }), {
        ...nothing,
        requirement_code: "MISSING_CHECKLIST",
        missing_checklist_keys: ["resolution_status"],
      });
      const done = { checklist_status: fullChecklist, ...reason, work: reportedWork };
      await api.run("tech.complete", { as: "tech", ticket: id, body: done });
    });

    test("wants a template before anything else, and autonomy before that", async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS");
      // As a release before left it: strict takes no such type any more.
      await api.owner.query("UPDATE tickets SET incident_type = 'SQUEAKY_FLOOR' WHERE id = $1", [id]);
      const { error } = await api.refuse("tech.complete", { ticket: id, body: { checklist_status: {} } });
      assert.partialDeepStrictEqual(error, {
        requirement_code: "TEMPLATE_NOT_FOUND",
        incident_type: "SQUEAKY_FLOOR",
        template_version: null,
      });
      await api.run("ops.autonomy.pause", { body: { scope_type: "TICKET", ticket_id: id } });
      for (const tool of ["tech.complete", "closeout.candidate"] as const) {
        assert.equal(
          (await api.refuse(tool, { ticket: id, body: { checklist_status: {} } })).error.code,
          "AUTONOMY_DISABLED",
        );
      }
    });

    for (const [what, signature] of [
      ["of its kind", { kind: "signature" }],
      ["under its key", { kind: "PHOTO", evidence_key: signatureKey }],
    ] as const) {
      test(`takes a signature ${what}`, async () => {
        const { id } = await ticketIn(api, "IN_PROGRESS");
        await addAllEvidence(api, id);
        const uri =
          profile === "strict" ? await store(api, { ticket: id }, photoFile(`signed ${id}`)) : "s3://phone/signed";
        await api.run("closeout.add_evidence", { ticket: id, body: { ...signature, uri } });
        await api.run("tech.complete", { ticket: id, body: { checklist_status: fullChecklist, work: reportedWork } });
      });
    }

    test("takes references by id in any case and by exact URI", async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS");
      await addAllEvidence(api, id);
      const { evidence } = await api.read("closeout.list_evidence", { ticket: id });
      const [byId, byUri] = evidence;
      assert.ok(byId && byUri);
      const refuse = async (ref: string) =>
        (await api.refuse("tech.complete", { ticket: id, body: { ...completion, evidence_refs: [byUri.uri, ref] } }))
          .error;
      for (const ref of [
        `${byUri.uri}?`,
        byUri.uri.toUpperCase(),
        "s3://",
        "https://example.com/x",
        "not a reference",
      ]) {
        assert.deepEqual(gateOf(await refuse(ref)).invalid_evidence_refs, [ref]);
      }
      await api.run("tech.complete", {
        ticket: id,
        body: { ...completion, evidence_refs: [byId.id.toUpperCase(), byUri.uri] },
      });
    });

    test("does not take the evidence of another ticket", async () => {
      const other = await ticketIn(api, "IN_PROGRESS");
      const { id: foreign, uri } = await add(api, { ticket: other.id }, "note_of_another");
      const { id } = await ticketIn(api, "IN_PROGRESS");
      await addAllEvidence(api, id);
      const { error } = await api.refuse("tech.complete", {
        ticket: id,
        body: { ...completion, evidence_refs: [uri, foreign] },
      });
      assert.deepEqual(gateOf(error).invalid_evidence_refs, [foreign, uri].sort());
    });

    test("knows an object's address by its form", async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS");
      await addAllEvidence(api, id);
      const bad = ["https://example.com/door.jpg", "s3://bucket-only", "s3://bucket/", "s3:///no-host", "just a note"];
      for (const uri of bad) await api.run("closeout.add_evidence", { ticket: id, body: { kind: "NOTE", uri } });
      const { error } = await api.refuse("tech.complete", { ticket: id, body: completion });
      assert.deepEqual(gateOf(error).invalid_evidence_refs, bad.toSorted());
    });
  });
}

test("in strict, what is only referenced counts neither as a reference nor for its key", async (t) => {
  const api = await startTestApi({ t, profile: "strict" });
  const { id } = await ticketIn(api, "IN_PROGRESS");
  const [first = "", ...others] = latchEvidence;
  for (const key of others) await addVerified(api, { ticket: id }, key);
  const { uri } = await addReferenced(api, { ticket: id }, first);
  const all = await api.refuse("tech.complete", { ticket: id, body: completion });
  assert.deepEqual(
    [all.error["requirement_code"], all.error["invalid_evidence_refs"]],
    ["INVALID_EVIDENCE_REFERENCE", [uri]],
  );
  const { evidence } = await api.read("closeout.list_evidence", { ticket: id });
  const good = evidence.filter(({ verification }) => verification === "verified").map((item) => item.id);
  const some = await api.refuse("tech.complete", { ticket: id, body: { ...completion, evidence_refs: good } });
  assert.deepEqual(
    [some.error["requirement_code"], some.error["missing_evidence_keys"]],
    ["MISSING_EVIDENCE", [first]],
  );
  const replacement = await addVerified(api, { ticket: id }, first);
  await api.run("tech.complete", { ticket: id, body: { ...completion, evidence_refs: [...good, replacement.id] } });
});

test("one object does not stand for two keys", async (t) => {
  const api = await startTestApi({ t });
  const { id } = await ticketIn(api, "IN_PROGRESS");
  for (const key of latchEvidence) {
    const body = { kind: "PHOTO", uri: "s3://phone/same", checksum: "00aa", evidence_key: key };
    await api.run("closeout.add_evidence", { as: "tech", ticket: id, body });
  }
  const { error } = await api.refuse("tech.complete", { as: "tech", ticket: id, body: completion });
  assert.deepEqual(
    [error["requirement_code"], error["missing_evidence_keys"]],
    ["MISSING_EVIDENCE", latchEvidence.slice(0, 2).toSorted()],
  );
  assert.partialDeepStrictEqual(error["rejected_evidence"], [{ reason: "ANOTHER_KEY" }, { reason: "ANOTHER_KEY" }]);
});

test("in pilot people may complete with what is only referenced, and a machine may not", async (t) => {
  const api = await startTestApi({ t });
  const { id } = await ticketIn(api, "IN_PROGRESS");
  await addAllEvidence(api, id);
  const { error } = await api.refuse("closeout.candidate", { as: "agent", ticket: id, body: completion });
  assert.deepEqual(
    [error["requirement_code"], error["missing_evidence_keys"]],
    ["INVALID_EVIDENCE_REFERENCE", latchKeys],
  );
  // A model speaks for whoever runs it, with their role.
  for (const tool of ["closeout.candidate", "tech.complete"] as const) {
    const headers = { "X-Actor-Type": "AGENT" };
    const asModel = await api.refuse(tool, { as: "tech", ticket: id, headers, body: completion });
    assert.equal(asModel.error["requirement_code"], "INVALID_EVIDENCE_REFERENCE", tool);
  }
  await api.run("closeout.candidate", { as: "tech", ticket: id, body: completion });

  const nothing = await ticketIn(api, "IN_PROGRESS");
  await addReferenced(api, { ticket: nothing.id }, "photo_of_closed_access");
  const body = { reason_code: "no_access", note: "the gate was locked" };
  const noWork = { as: "tech", ticket: nothing.id, body };
  const byModel = await api.refuse("closeout.no_work", { ...noWork, headers: { "X-Actor-Type": "AGENT" } });
  assert.equal(byModel.error["requirement_code"], "INVALID_EVIDENCE_REFERENCE");
  await api.run("closeout.no_work", noWork);
});

describe("each incident type", async () => {
  const api = await startTestApi();
  const further: Record<string, readonly string[]> = {
    DOOR_WONT_LATCH: [
      "photo_before_door_edge_and_strike",
      "photo_after_latched_alignment",
      "note_adjustments_and_test_cycles",
    ],
    CLOSER_LEAKING_OR_SLAMMING: [
      "photo_before_closer_body",
      "photo_after_closer_or_adjustment",
      "note_sweep_and_latch_speed_settings",
    ],
    AUTO_OPERATOR_FAULT: [
      "photo_before_operator_and_sensors",
      "photo_after_operator_and_sensors",
      "note_cycle_and_sensor_tests",
    ],
    CANNOT_SECURE_ENTRY: [
      "photo_before_security_risk",
      "photo_after_temporary_or_permanent_securement",
      "note_risk_mitigation_and_customer_handoff",
    ],
    HARDWARE_REPLACEMENT: [
      "photo_before_failed_hardware",
      "photo_after_installed_hardware",
      "note_part_numbers_and_function_test",
    ],
    FRAME_OR_GLASS_DAMAGE: [
      "photo_before_damage_extent",
      "photo_after_repair_or_board_up",
      "note_safety_actions_and_follow_up_scope",
    ],
  };
  const risky = ["AUTO_OPERATOR_FAULT", "CANNOT_SECURE_ENTRY", "FRAME_OR_GLASS_DAMAGE"];
  for (const [incidentType, keys] of Object.entries(further)) {
    test(
      `${incidentType} wants its evidence, and ` +
        `${risky.includes(incidentType) ? "a person to complete it" : "may be a candidate"}`,
      async () => {
        const { id } = await ticketIn(api, "IN_PROGRESS", { incidentType });
        const { error } = await api.refuse("tech.complete", { ticket: id, body: completion });
        assert.partialDeepStrictEqual(error, {
          requirement_code: "MISSING_EVIDENCE",
          template_version: "1.0.0",
          incident_type: incidentType,
        });
        assert.deepEqual(error["missing_evidence_keys"], keys.toSorted());
        for (const key of keys) await addVerified(api, { ticket: id }, key);
        if (!risky.includes(incidentType)) {
          const done = await api.run("closeout.candidate", { as: "agent", ticket: id, body: completion });
          const safe = { level: "low", reasons: [] };
          assert.deepEqual(done.risk_profile, safe);
          const { events } = await api.read("ticket.timeline", { ticket: id });
          return assert.partialDeepStrictEqual(events.at(-1), { payload: { risk_profile: safe } });
        }
        const blocked = await api.refuse("closeout.candidate", { as: "agent", ticket: id, body: completion });
        const expected = {
          code: "MANUAL_REVIEW_REQUIRED",
          risk_profile: {
            level: "high",
            evidence_items: 3,
            incident_type: incidentType,
            evidence_keys: keys.toSorted(),
          },
        };
        assert.partialDeepStrictEqual(blocked.error, expected);
        await api.run("tech.complete", { ticket: id, body: completion });
      },
    );
  }

  for (const key of [
    "photo_before_security_risk",
    "note_risk_mitigation_and_customer_handoff",
    "note_safety_actions_and_follow_up_scope",
  ]) {
    test(`is risky with ${key}, and the gate is asked first`, async () => {
      const { id } = await ticketIn(api, "IN_PROGRESS");
      await addReferenced(api, { ticket: id }, key);
      assert.equal(
        (await api.refuse("closeout.candidate", { ticket: id, body: completion })).error.code,
        "CLOSEOUT_REQUIREMENTS_INCOMPLETE",
      );
      await addAllEvidence(api, id);
      const { error } = await api.refuse("closeout.candidate", { ticket: id, body: completion });
      assert.partialDeepStrictEqual(error, {
        code: "MANUAL_REVIEW_REQUIRED",
        requirement_code: "AUTOMATION_RISK_BLOCK",
        risk_profile: { reasons: [`evidence_key:${key}`] },
      });
    });
  }
});

describe("qa", async () => {
  const api = await startTestApi();
  const verify = (over: object = {}) => ({ timestamp: api.clock.iso, result: "PASS", ...over });
  const stateOf = async (one: TestApi, ticket: string) => (await one.read("ticket.get", { ticket })).state;

  test("that fails changes nothing; sent back and completed anew, the work is verified", async () => {
    const { id } = await ticketIn(api, "COMPLETED_PENDING_VERIFICATION");
    const { error } = await api.refuse("qa.verify", {
      as: "qa",
      ticket: id,
      body: verify({ result: "FAIL", notes: "still sticks" }),
    });
    assert.partialDeepStrictEqual(error, { code: "QA_VERIFICATION_FAILED", ticket_id: id, notes: "still sticks" });
    assert.equal(await stateOf(api, id), "COMPLETED_PENDING_VERIFICATION");
    const reasons = ["door still sticks", "no photo of the strike"];
    const returned = await api.run("qa.return_work", {
      as: "qa",
      ticket: id,
      body: { reasons, required_evidence_keys: ["photo_of_strike", "photo_after_latched_alignment"] },
    });
    assert.equal(returned.state, "IN_PROGRESS");
    const { events } = await api.read("ticket.timeline", { ticket: id });
    const required_evidence_keys = ["photo_of_strike", "photo_after_latched_alignment"];
    assert.deepEqual(events.at(-1)?.payload, { reasons, required_evidence_keys });
    // What was there before the return is not what was asked for, whoever records it once more.
    await addReferenced(api, { ticket: id }, "photo_after_latched_alignment");
    const early = await api.refuse("tech.complete", { ticket: id, body: completion });
    assert.deepEqual(early.error["missing_evidence_keys"], required_evidence_keys.toSorted());
    const { packet } = await api.read("tech.job_packet", { as: "tech", ticket: id });
    assert.partialDeepStrictEqual(packet, { closeout_gate: { ready: false, code: "MISSING_EVIDENCE" } });
    for (const key of required_evidence_keys) {
      const body = { kind: "PHOTO", uri: `s3://camera-roll/${id}/again/${key}`, evidence_key: key };
      await api.run("closeout.add_evidence", { ticket: id, body });
    }
    await api.run("tech.complete", { ticket: id, body: completion });
    await api.run("qa.verify", { as: "qa", ticket: id, body: verify() });
  });

  test("checks what the newest completion claimed against the evidence there is now", async () => {
    const { id } = await ticketIn(api, "COMPLETED_PENDING_VERIFICATION");
    await api.run("closeout.add_evidence", { ticket: id, body: { kind: "NOTE", uri: "not an address" } });
    const { error } = await api.refuse("qa.verify", { ticket: id, body: verify() });
    assert.partialDeepStrictEqual(error, {
      code: "CLOSEOUT_REQUIREMENTS_INCOMPLETE",
      requirement_code: "INVALID_EVIDENCE_REFERENCE",
      invalid_evidence_refs: ["not an address"],
    });
    await api.run("qa.return_work", { ticket: id, body: { reasons: ["say which evidence counts"] } });
    const { evidence } = await api.read("closeout.list_evidence", { ticket: id });
    const refs = evidence.filter(({ kind, uri }) => kind !== "NOTE" || uri.startsWith("s3:")).map((item) => item.id);
    await api.run("tech.complete", { ticket: id, body: { ...completion, evidence_refs: refs } });
    await api.run("qa.verify", { ticket: id, body: verify() });
  });

  for (const body of [
    { result: "PASS" },
    { timestamp: "today", result: "PASS" },
    { timestamp: "2026-03-02T10:00:00", result: "PASS" },
  ]) {
    test(`does not take ${JSON.stringify(body)}`, async () => {
      const { id } = await ticketIn(api, "COMPLETED_PENDING_VERIFICATION");
      assert.equal((await api.refuse("qa.verify", { ticket: id, body })).error.code, "INVALID_REQUEST");
      assert.equal(
        (await api.refuse("qa.return_work", { ticket: id, body: { reasons: [] } })).error.code,
        "INVALID_REQUEST",
      );
    });
  }
});
