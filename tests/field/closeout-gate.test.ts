import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  evaluateCloseoutGate,
  packetCloseoutGate,
  type CloseoutGateInput,
} from "../../dispatch/field/closeout-gate.ts";
import type { EvidenceItem } from "../../dispatch/field/evidence-references.ts";
import type { Demands } from "../../dispatch/field/visits.ts";
import { loadPolicy } from "../../dispatch/policy/load.ts";

const { closeoutTemplates: templates, evidenceKeys, evidence } = loadPolicy("strict");
const SIGNATURE = "signature_or_no_signature_reason";
const photoBefore = "photo_before_security_risk";
const keys = [
  "note_risk_mitigation_and_customer_handoff",
  "photo_after_temporary_or_permanent_securement",
  photoBefore,
];
const CHECKLIST = {
  work_performed: true,
  parts_used_or_needed: true,
  resolution_status: true,
  onsite_photos_after: true,
  billing_authorization: true,
};

const idOf = (n: number): string => `abcdef00-0000-4000-8000-${String(n).padStart(12, "0")}`;

function item(n: number, evidenceKey: string | null, over: Partial<EvidenceItem> = {}): EvidenceItem {
  return {
    id: idOf(n),
    kind: "PHOTO",
    uri: `s3://evidence/t/${n}.jpg`,
    evidenceKey,
    verification: "verified",
    checksum: null,
    createdAt: `2026-05-01T10:00:0${n}.000Z`,
    mediaType: null,
    capturedAt: null,
    ...over,
  };
}

const items = [...keys, SIGNATURE].map((key, index) => item(index, key));
const unsigned = items.slice(0, 3);

const visit = { from: "2026-05-01T09:00:00.000Z", to: "2026-05-01T11:00:00.000Z" };

function gate({
  demands = new Map<string, string>(),
  ...over
}: Partial<CloseoutGateInput> & { demands?: Demands } = {}) {
  return evaluateCloseoutGate({
    incidentType: "CANNOT_SECURE_ENTRY",
    evidenceItems: items,
    standing: { demands, visit, keys: evidenceKeys, evidence },
    checklist: CHECKLIST,
    noSignatureReason: null,
    evidenceRefs: undefined,
    allowedSchemes: ["s3", "minio"],
    mustBeVerified: false,
    templates,
    ...over,
  });
}

const codeOf = (over: Partial<CloseoutGateInput>): string => packetCloseoutGate(gate(over)).code;

describe("evaluateCloseoutGate", () => {
  it("opens when everything is there", () => {
    assert.deepEqual(gate(), {
      ready: true,
      incident_type: "CANNOT_SECURE_ENTRY",
      template_version: "1.0.0",
      missing_evidence_keys: [],
      missing_checklist_keys: [],
      invalid_evidence_refs: [],
      signature_satisfied: true,
      no_signature_reason: null,
    });
  });

  it("names the first failing step, mending one after the other", () => {
    const broken = { incidentType: null, evidenceItems: [], checklist: {}, evidenceRefs: ["s3://b/unknown"] };
    const steps: [Partial<CloseoutGateInput>, string][] = [
      [broken, "TEMPLATE_NOT_FOUND"],
      [{ ...broken, incidentType: "CANNOT_SECURE_ENTRY" }, "MISSING_SIGNATURE_CONFIRMATION"],
      [
        { ...broken, incidentType: "CANNOT_SECURE_ENTRY", noSignatureReason: "nobody there" },
        "INVALID_EVIDENCE_REFERENCE",
      ],
      [{ evidenceItems: [], checklist: {}, noSignatureReason: "nobody there" }, "MISSING_REQUIREMENTS"],
      [{ checklist: {} }, "MISSING_CHECKLIST"],
      [{ evidenceItems: items.slice(1) }, "MISSING_EVIDENCE"],
      [{}, "READY"],
    ];
    for (const [over, code] of steps) assert.equal(codeOf(over), code);
  });

  it("on a missing signature names that key alone, and still everything else", () => {
    assert.deepEqual(
      gate({
        evidenceItems: [item(1, null, { uri: "ftp://b/x" })],
        checklist: { ...CHECKLIST, work_performed: false },
      }),
      {
        ready: false,
        requirement_code: "MISSING_SIGNATURE_CONFIRMATION",
        incident_type: "CANNOT_SECURE_ENTRY",
        template_version: "1.0.0",
        missing_evidence_keys: [SIGNATURE],
        missing_checklist_keys: ["work_performed"],
        invalid_evidence_refs: ["ftp://b/x"],
        signature_satisfied: false,
        no_signature_reason: null,
      },
    );
  });

  for (const [what, over, satisfied] of [
    ["kind SIGNATURE in any case", { evidenceItems: [...unsigned, item(9, null, { kind: "signature" })] }, true],
    ["its evidence key on any kind", { evidenceItems: [...unsigned, item(9, SIGNATURE, { kind: "DOCUMENT" })] }, true],
    ["a reason", { evidenceItems: unsigned, noSignatureReason: " left before end " }, true],
    ["a blank reason", { evidenceItems: unsigned, noSignatureReason: " \n\t" }, false],
    ["an empty reason", { evidenceItems: unsigned, noSignatureReason: "" }, false],
    ["no reason", { evidenceItems: unsigned, noSignatureReason: undefined }, false],
  ] as const) {
    it(`signature: ${what} ${satisfied ? "satisfies" : "does not satisfy"} the key`, () => {
      const result = gate(over);
      assert.equal(result.signature_satisfied, satisfied);
      assert.equal(result.ready, satisfied);
    });
  }

  it("reports the reason trimmed", () => {
    assert.equal(gate({ noSignatureReason: " left before end " }).no_signature_reason, "left before end");
  });

  it("shows the packet the same result with a code", () => {
    const closed = packetCloseoutGate(gate({ checklist: {} }));
    assert.equal(closed.code, "MISSING_CHECKLIST");
    assert.equal("requirement_code" in closed, false);
    assert.equal(packetCloseoutGate(gate()).code, "READY");
  });
});

describe("evidence references at the gate", () => {
  const uris: [string, boolean][] = [
    ["s3://bucket/key", true],
    ["minio://bucket/a/b.jpg", true],
    ["S3://bucket/key", true],
    ["s3://bucket", false],
    ["s3://bucket/", false],
    ["s3://bucket/..", false],
    ["s3:///key", false],
    ["s3:key", false],
    ["https://bucket/key", false],
    ["file:///etc/passwd", false],
    ["bucket/key", false],
    ["", false],
  ];
  for (const [uri, good] of uris) {
    it(`${good ? "takes" : "refuses"} the URI ${JSON.stringify(uri)}`, () => {
      const evidenceItems = [...items, item(9, null, { uri })];
      assert.deepEqual(gate({ evidenceItems }).invalid_evidence_refs, good ? [] : [uri]);
      assert.equal(codeOf({ evidenceItems }), good ? "READY" : "INVALID_EVIDENCE_REFERENCE");
    });
  }

  it("takes an id in any case and an exact URI, and nothing that only resembles them", () => {
    const good = [idOf(0), idOf(1).toUpperCase(), "s3://evidence/t/2.jpg"];
    assert.equal(gate({ evidenceRefs: good }).ready, true);
    const shouting = [...items, item(9, null, { id: idOf(9).toUpperCase() })];
    assert.equal(gate({ evidenceItems: shouting, evidenceRefs: [idOf(9)] }).ready, true);
    const bad = ["s3://evidence/t/2.JPG", idOf(77), "S3://evidence/t/2.jpg", "photo"];
    assert.deepEqual(gate({ evidenceRefs: [...good, ...bad] }).invalid_evidence_refs, bad.toSorted());
  });

  it("lists each bad reference once, sorted, in the text given", () => {
    const shout = idOf(77).toUpperCase();
    assert.deepEqual(gate({ evidenceRefs: ["z", shout, "a", "z", shout] }).invalid_evidence_refs, [shout, "a", "z"]);
  });

  it("does not look at items that are not referenced when references are given", () => {
    const evidenceItems = [...items, item(9, null, { uri: "http://elsewhere/x" })];
    assert.equal(codeOf({ evidenceItems }), "INVALID_EVIDENCE_REFERENCE");
    assert.equal(codeOf({ evidenceItems, evidenceRefs: [idOf(0)] }), "READY");
    assert.equal(codeOf({ evidenceItems, evidenceRefs: [idOf(9)] }), "INVALID_EVIDENCE_REFERENCE");
  });

  it("refuses a URI no scheme of which is configured", () => {
    assert.equal(codeOf({ allowedSchemes: ["minio"] }), "INVALID_EVIDENCE_REFERENCE");
    assert.equal(codeOf({ allowedSchemes: ["S3"] }), "READY");
  });
});

describe("evidence that must be verified", () => {
  const referenced = items.map((good) => ({ ...good, verification: "referenced" as const }));

  it("matters only where the policy asks for it", () => {
    assert.equal(codeOf({ evidenceItems: referenced, mustBeVerified: false }), "READY");
    assert.deepEqual(
      gate({ evidenceItems: referenced, mustBeVerified: true }).invalid_evidence_refs,
      referenced.map((i) => i.uri),
    );
    assert.equal(codeOf({ evidenceItems: referenced, mustBeVerified: true }), "INVALID_EVIDENCE_REFERENCE");
  });

  it("cannot be avoided by naming one verified item, or none", () => {
    const evidenceItems = [...items.slice(0, 1), ...referenced.slice(1)];
    for (const evidenceRefs of [[idOf(0)], []]) {
      assert.equal(codeOf({ evidenceItems, evidenceRefs, mustBeVerified: true }), "MISSING_EVIDENCE");
    }
  });

  it("is satisfied by a second upload of the same URI, since the first item can never be deleted", () => {
    const evidenceItems = [
      ...referenced.slice(0, 1),
      ...items.slice(1),
      item(9, keys[0] ?? "", { uri: items[0]?.uri ?? "" }),
    ];
    assert.equal(codeOf({ evidenceItems, mustBeVerified: true }), "READY");
  });
});

describe("evidence that stands for its key", () => {
  const [note = "", after = "", before = ""] = keys;
  const later = "2026-05-01T11:00:00.000Z";

  it("is another object than what stands for another key, by its URI or its checksum", () => {
    for (const same of [{ uri: items[1]?.uri ?? "" }, { checksum: "SHA256:00AA" }] satisfies Partial<EvidenceItem>[]) {
      const first = { ...item(1, after), checksum: "00aa" };
      const evidenceItems = [item(0, note), first, item(2, before, same), item(3, SIGNATURE)];
      const { missing_evidence_keys, rejected_evidence } = gate({ evidenceItems });
      assert.deepEqual(missing_evidence_keys, [after]);
      assert.deepEqual(rejected_evidence, [{ evidence_id: idOf(1), evidence_key: after, reason: "ANOTHER_KEY" }]);
      // A slip is put right by recording the object again for the key it is of.
      const again = item(4, after, { ...same, createdAt: later });
      assert.deepEqual(gate({ evidenceItems: [...evidenceItems, again] }).missing_evidence_keys, [before]);
    }
  });

  it("is new where the work was sent back for it, whether or not the template has the key", () => {
    for (const key of [after, "photo_of_the_hinge"]) {
      const demands = new Map([[key, "2026-05-01T10:30:00.000Z"]]);
      const old = item(8, key);
      const missing = (...more: EvidenceItem[]) =>
        gate({ demands, evidenceItems: [...items.filter(({ evidenceKey }) => evidenceKey !== key), old, ...more] })
          .missing_evidence_keys;
      assert.deepEqual(missing(), [key]);
      assert.deepEqual(missing({ ...old, id: idOf(9), createdAt: later }), [key], "the old object again");
      assert.deepEqual(missing(item(9, key, { createdAt: later })), []);
    }
  });
});

describe("what evidence is", () => {
  const [note = "", after = "", before = ""] = keys;
  const reasonsFor = (evidenceItems: readonly EvidenceItem[], over: Partial<CloseoutGateInput> = {}) =>
    gate({ evidenceItems, ...over }).rejected_evidence?.map(({ evidence_key, reason }) => [evidence_key, reason]);
  const of = (n: number, key: string, mediaType: string, kind = "PHOTO") => item(n, key, { mediaType, kind });

  const fits: readonly (readonly [key: string, media: readonly string[], not: readonly string[]])[] = [
    [
      before,
      ["image/jpeg", "image/heic", "image/webp"],
      ["text/plain", "application/pdf", "video/mp4", "image/svg+xml"],
    ],
    [note, ["text/plain", "application/pdf", "audio/amr", "video/3gpp"], ["image/jpeg", "image/svg+xml"]],
    [SIGNATURE, ["image/svg+xml", "image/png", "application/pdf"], ["text/plain", "audio/ogg"]],
    ["photo_of_the_street", ["image/jpeg", "text/plain", "video/mp4"], ["image/svg+xml"]],
  ];
  for (const [key, taken, refused] of fits) {
    it(`counts for ${key} where it is what the key asks for`, () => {
      for (const media of taken) assert.equal(reasonsFor([of(1, key, media)]), undefined, media);
      for (const media of [...refused, "a type of tomorrow"])
        assert.deepEqual(reasonsFor([of(1, key, media)]), [[key, "WRONG_KIND"]], media);
    });
  }

  it("is no signature by calling itself one", () => {
    const text = item(1, "note_of_the_customer", { kind: "signature", mediaType: "text/plain" });
    const { signature_satisfied, rejected_evidence } = gate({ evidenceItems: [text] });
    assert.equal(signature_satisfied, false);
    assert.deepEqual(
      rejected_evidence?.map(({ reason }) => reason),
      ["WRONG_KIND"],
    );
  });

  it("is not doubted where nobody looked: what was recorded before types were kept stands", () => {
    assert.equal(reasonsFor(items), undefined);
  });

  const at = (time: string) => `2026-05-01T${time}:00.000Z`;
  const shot = (n: number, key: string, time: string) =>
    item(n, key, { mediaType: "image/jpeg", capturedAt: at(time) });
  const shots: readonly (readonly [what: string, before: string, after: string, reasons: readonly string[]])[] = [
    ["in its order", "09:05", "10:55", []],
    ["by the margin before and after", "07:00", "13:00", []],
    ["before the visit", "06:59", "10:55", [before, "OUTSIDE_VISIT"]],
    ["after it", "09:05", "13:01", [after, "OUTSIDE_VISIT"]],
    ["the finished work first", "10:00", "09:59", [after, "NOT_AFTER"]],
    ["both at once", "10:00", "10:00", [after, "NOT_AFTER"]],
  ];
  for (const [what, one, other, reasons] of shots) {
    const photos = [shot(1, before, one), shot(2, after, other)];
    it(`is held to what the cameras say, where the policy refuses: ${what}`, () => {
      assert.deepEqual(reasonsFor(photos)?.flat() ?? [], reasons);
    });
    it(`and is told where it warns: ${what}`, () => {
      const warns = {
        demands: new Map(),
        visit,
        keys: evidenceKeys,
        evidence: { ...evidence, captureTimes: "warn" },
      } as const;
      const { rejected_evidence, doubtful_evidence = [] } = gate({ evidenceItems: photos, standing: warns });
      assert.equal(rejected_evidence, undefined);
      assert.deepEqual(
        doubtful_evidence.flatMap(({ evidence_key, reason }) => [evidence_key, reason]),
        reasons,
      );
    });
  }

  it("is held to the first of several photos of the fault", () => {
    assert.equal(reasonsFor([shot(1, before, "10:50"), shot(2, before, "09:10"), shot(3, after, "10:40")]), undefined);
  });
});

describe("the gate over random evidence", () => {
  const anyItem = fc
    .record({
      n: fc.nat(6),
      evidenceKey: fc.constantFrom(...keys, SIGNATURE, null),
      kind: fc.constantFrom("PHOTO", "Signature"),
      uri: fc.constantFrom("s3://b/1", "s3://b/2", "s3://b/", "http://b/1"),
      verification: fc.constantFrom("verified" as const, "referenced" as const),
    })
    .map(({ n, ...rest }) => item(n, rest.evidenceKey, rest));
  const input = fc.record({
    evidenceItems: fc.uniqueArray(anyItem, { maxLength: 8, selector: ({ id }) => id }),
    checklist: fc.constantFrom(CHECKLIST, { work_performed: true }),
    noSignatureReason: fc.constantFrom(null, "", "absent"),
    evidenceRefs: fc.option(fc.array(fc.constantFrom("s3://b/1", "s3://b/", idOf(1), idOf(2).toUpperCase())), {
      nil: undefined,
    }),
    mustBeVerified: fc.boolean(),
  });

  it("never closes again when a usable item is added, and opens for nothing it lists as missing", () => {
    fc.assert(
      fc.property(input, fc.constantFrom(...keys, SIGNATURE, null), (over, evidenceKey) => {
        const before = gate(over);
        const after = gate({ ...over, evidenceItems: [...over.evidenceItems, item(99, evidenceKey)] });
        assert.ok(!before.ready || after.ready);
        const lists = [before.missing_evidence_keys, before.missing_checklist_keys, before.invalid_evidence_refs];
        assert.equal(before.ready, before.signature_satisfied && lists.flat().length === 0);
      }),
      { numRuns: 500 },
    );
  });

  it("does not depend on the order of items or references", () => {
    fc.assert(
      fc.property(input, (over) => {
        const reversed = {
          ...over,
          evidenceItems: over.evidenceItems.toReversed(),
          evidenceRefs: over.evidenceRefs?.toReversed(),
        };
        assert.deepEqual(gate(reversed), gate(over));
      }),
    );
  });
});
