// Which incident types the policy knows, and what it takes an unknown one for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadPolicy } from "../../dispatch/policy/load.ts";
import { ofIncidentType, unknownType } from "../../dispatch/policy/incident-type.ts";

const policy = loadPolicy("pilot");
const known = Object.keys(policy.incidentTypes).sort();

test("a type is known by its name, and with a version behind it", () => {
  for (const type of known) {
    for (const written of [type, `${type}_V1`, `${type}_V27`]) {
      assert.equal(unknownType(policy, written), null, written);
      assert.equal(ofIncidentType(policy.incidentTypes, written)?.incidentType, type, written);
      assert.equal(ofIncidentType(policy.closeoutTemplates, written)?.incidentType, type, written);
    }
    for (const written of [`${type}_V`, `${type}_V2_V3`, `${type}_X`, `X_${type}`, "CONSTRUCTOR", "_V2", ""]) {
      assert.deepEqual(unknownType(policy, written)?.known, known, written);
      assert.equal(ofIncidentType(policy.incidentTypes, written), undefined, written);
    }
  }
});

test("a version that the policy lists has rules of its own", () => {
  const own = { ...policy.incidentTypes, DOOR_WONT_LATCH_V2: { defaultDurationMinutes: 7 } };
  assert.equal(ofIncidentType(own, "DOOR_WONT_LATCH_V2")?.defaultDurationMinutes, 7);
  assert.equal(ofIncidentType(own, "DOOR_WONT_LATCH_V3")?.defaultDurationMinutes, 90);
});

test("each slip of the keyboard in a type's name is taken for that type", () => {
  for (const type of known) {
    for (let at = 0; at < type.length; at++) {
      const slips = [
        `${type.slice(0, at)}${type.slice(at + 1)}`,
        `${type.slice(0, at)}Q${type.slice(at)}`,
        `${type.slice(0, at)}${type[at + 1] ?? ""}${type[at] ?? ""}${type.slice(at + 2)}`,
      ];
      for (const slip of slips) if (slip !== type) assert.equal(unknownType(policy, slip)?.closest, type, slip);
    }
  }
});

test("what people call the work is taken for it, by its title and by each of its words", () => {
  for (const { incidentType, title, words } of Object.values(policy.incidentTypes))
    for (const said of [title, ...words]) {
      const written = said.toUpperCase().replaceAll(/[ -]/g, "_");
      const unknown = unknownType(policy, written);
      if (ofIncidentType(policy.incidentTypes, written)) assert.equal(unknown, null, written);
      else assert.equal(unknown?.closest, incidentType, written);
    }
});

const meant = [
  ["AUTO_OPERATR_FAULT", "AUTO_OPERATOR_FAULT"],
  ["AUTO_OPERATR_FAULT_V2", "AUTO_OPERATOR_FAULT"],
  ["GLASS", "FRAME_OR_GLASS_DAMAGE"],
  ["LATCH", "DOOR_WONT_LATCH"],
  // By what people call it, where the name alone says another or none.
  ["BREAK_IN", "CANNOT_SECURE_ENTRY"],
  ["DOOR_SENSOR_V2", "AUTO_OPERATOR_FAULT"],
  ["SLIDING_DOOR", "AUTO_OPERATOR_FAULT"],
  ["DOES_NOT_LATCH", "DOOR_WONT_LATCH"],
  ["LIGHT_BROKEN", null],
  ["ELEVATOR_STUCK", null],
  ["SQUEAKY_FLOOR", null],
  ["OTHER", null],
  ["A", null],
] as const;
for (const [written, closest] of meant) {
  test(`${written} is taken for ${closest ?? "none of them"}`, () =>
    assert.equal(unknownType(policy, written)?.closest, closest));
}
