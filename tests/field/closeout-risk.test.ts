import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { assessCandidateRisk } from "../../dispatch/field/closeout-risk.ts";
import { loadPolicy } from "../../dispatch/policy/load.ts";

const { candidateRisk } = loadPolicy("pilot");
const photo = (evidenceKey: string | null) => ({ kind: "PHOTO", evidenceKey });

describe("assessCandidateRisk", () => {
  const cases: [string | null, string | null, "high" | "low"][] = [
    ["DOOR_WONT_LATCH", "photo_before_door_edge_and_strike", "low"],
    ["CLOSER_LEAKING_OR_SLAMMING", null, "low"],
    ["HARDWARE_REPLACEMENT", null, "low"],
    [null, null, "low"],
    ["CANNOT_SECURE_ENTRY", null, "high"],
    ["cannot_secure_entry", null, "high"],
    ["FRAME_OR_GLASS_DAMAGE", null, "high"],
    ["AUTO_OPERATOR_FAULT", null, "high"],
    ["DOOR_WONT_LATCH", "photo_before_security_risk", "high"],
    ["DOOR_WONT_LATCH", "note_risk_mitigation_and_customer_handoff", "high"],
    [null, "note_safety_actions_and_follow_up_scope", "high"],
  ];
  for (const [type, key, level] of cases) {
    it(`${level}: ${type} with ${key ?? "no key"}`, () => {
      const risk = assessCandidateRisk(type, [photo(key)], candidateRisk);
      assert.equal(risk.level, level);
      assert.equal(risk.reasons.length > 0, level === "high");
    });
  }

  it("shows every reason, every key once and the number of items", () => {
    const items = [
      photo("photo_before_security_risk"),
      photo("photo_before_security_risk"),
      photo("a_key"),
      { kind: "signature", evidenceKey: null },
    ];
    assert.deepEqual(assessCandidateRisk("AUTO_OPERATOR_FAULT", items, candidateRisk), {
      level: "high",
      reasons: ["incident_type:AUTO_OPERATOR_FAULT", "evidence_key:photo_before_security_risk"],
      evidence_keys: ["a_key", "photo_before_security_risk", "signature_or_no_signature_reason"],
      evidence_items: 4,
      incident_type: "AUTO_OPERATOR_FAULT",
    });
  });
});
