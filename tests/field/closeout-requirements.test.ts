import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { evaluateCloseoutRequirements } from "../../dispatch/field/closeout-requirements.ts";
import { loadPolicy } from "../../dispatch/policy/load.ts";

const { closeoutTemplates: templates } = loadPolicy("pilot");
const evidence = [
  "note_adjustments_and_test_cycles",
  "photo_after_latched_alignment",
  "photo_before_door_edge_and_strike",
  "signature_or_no_signature_reason",
];
const CHECKLIST = [
  "billing_authorization",
  "onsite_photos_after",
  "parts_used_or_needed",
  "resolution_status",
  "work_performed",
];
const all = (keys: readonly string[], value: unknown = true): Record<string, unknown> =>
  Object.fromEntries(keys.map((key) => [key, value]));

function evaluate(
  evidenceKeys: readonly string[],
  checklist: Record<string, unknown>,
  incidentType: string | null = "DOOR_WONT_LATCH",
) {
  return evaluateCloseoutRequirements({ incidentType, evidenceKeys, demandedKeys: [], checklist, templates });
}

describe("evaluateCloseoutRequirements", () => {
  const cases: [string, string[], Record<string, unknown>, string, string[], string[]][] = [
    ["everything there", evidence, all(CHECKLIST), "READY", [], []],
    ["a photo missing", evidence.slice(1), all(CHECKLIST), "MISSING_EVIDENCE", [evidence[0] ?? ""], []],
    ["an item unchecked", evidence, all(CHECKLIST.slice(1)), "MISSING_CHECKLIST", [], ["billing_authorization"]],
    ["nothing at all", [], {}, "MISSING_REQUIREMENTS", evidence, CHECKLIST],
    ["items that are only truthy", evidence, all(CHECKLIST, "true"), "MISSING_CHECKLIST", [], CHECKLIST],
    ["items that are 1", evidence, all(CHECKLIST, 1), "MISSING_CHECKLIST", [], CHECKLIST],
    [
      "an item that is false",
      evidence,
      { ...all(CHECKLIST), work_performed: false },
      "MISSING_CHECKLIST",
      [],
      ["work_performed"],
    ],
    [
      "keys of another case",
      evidence.map((key) => key.toUpperCase()),
      all(CHECKLIST),
      "MISSING_EVIDENCE",
      evidence,
      [],
    ],
  ];
  for (const [what, keys, checklist, code, missingEvidence, missingChecklist] of cases) {
    it(`${code}: ${what}`, () => {
      assert.deepEqual(evaluate(keys, checklist), {
        ready: code === "READY",
        code,
        incident_type: "DOOR_WONT_LATCH",
        template_version: "1.0.0",
        missing_evidence_keys: missingEvidence,
        missing_checklist_keys: missingChecklist,
      });
    });
  }

  for (const [given, reported] of [
    [null, null],
    ["  ", null],
    ["roof_leak", "ROOF_LEAK"],
    ["constructor", "CONSTRUCTOR"],
    ["__proto__", "__PROTO__"],
  ] as const) {
    it(`TEMPLATE_NOT_FOUND: incident type ${JSON.stringify(given)}`, () => {
      assert.deepEqual(evaluate(evidence, all(CHECKLIST), given), {
        ready: false,
        code: "TEMPLATE_NOT_FOUND",
        incident_type: reported,
        template_version: null,
        missing_evidence_keys: [],
        missing_checklist_keys: [],
      });
    });
  }

  it("takes the incident type in any case", () => {
    assert.equal(evaluate(evidence, all(CHECKLIST), " door_wont_latch ").code, "READY");
  });

  it("never becomes less ready when evidence or checks are added", () => {
    const type = fc.constantFrom(...Object.keys(templates));
    const key = fc.constantFrom(
      ...new Set(Object.values(templates).flatMap((t) => t.requiredEvidence.map(({ key }) => key))),
      "further_key",
    );
    const item = fc.constantFrom(...CHECKLIST, "further_item");
    fc.assert(
      fc.property(
        type,
        fc.array(key),
        fc.array(key),
        fc.array(item),
        fc.array(item),
        (incidentType, keys, moreKeys, items, moreItems) => {
          const before = evaluate(keys, all(items), incidentType);
          const after = evaluate([...keys, ...moreKeys], all([...items, ...moreItems]), incidentType);
          assert.ok(!before.ready || after.ready);
          assert.ok(after.missing_evidence_keys.every((missing) => before.missing_evidence_keys.includes(missing)));
          assert.ok(after.missing_checklist_keys.every((missing) => before.missing_checklist_keys.includes(missing)));
          const template = templates[incidentType] ?? assert.fail();
          assert.deepEqual(
            after.missing_evidence_keys,
            template.requiredEvidence.flatMap((k) => ([...keys, ...moreKeys].includes(k.key) ? [] : [k.key])).sort(),
          );
          assert.equal(after.ready, after.missing_evidence_keys.length + after.missing_checklist_keys.length === 0);
        },
      ),
    );
  });
});
