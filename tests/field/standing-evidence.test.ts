// Which evidence stands for its key: the rule as it is said, against the rule as it is computed.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EvidenceItem } from "../../dispatch/field/evidence-references.ts";
import { loadPolicy } from "../../dispatch/policy/load.ts";
import { standingEvidence } from "../../dispatch/field/standing-evidence.ts";

const recorded = fc.record({
  uri: fc.constantFrom("s3://e/1", "s3://e/2", "s3://e/3"),
  checksum: fc.constantFrom(null, "a1", "SHA256:A1", "b2"),
  evidenceKey: fc.constantFrom(null, "before", "after"),
  createdAt: fc.constantFrom("1", "2", "3", "4"),
});
const { evidenceKeys: keys, evidence } = loadPolicy("strict");
const rules = { keys, evidence, visit: { from: "1", to: "4" } };
const demanded = fc.dictionary(fc.constantFrom("before", "after"), fc.constantFrom("1", "2", "3"));

test("an object stands for the key it was recorded for last, and newer than the key was asked for", () => {
  fc.assert(
    fc.property(fc.array(recorded, { maxLength: 7 }), demanded, (rows, asked) => {
      const items = rows.map((row, n): EvidenceItem => ({
        ...row,
        id: `${n}`,
        kind: "PHOTO",
        verification: "verified",
        mediaType: null,
        capturedAt: null,
      }));
      const inTurn = items.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt) || Number(a.id) - Number(b.id));
      const bytes = ({ checksum }: EvidenceItem) => checksum?.toLowerCase().replace("sha256:", "") ?? null;
      const same = (a: EvidenceItem, b: EvidenceItem) =>
        a.uri === b.uri || (bytes(a) !== null && bytes(a) === bytes(b));
      const reasonOf = (item: EvidenceItem) => {
        const alike = inTurn.filter((other) => same(item, other));
        if (item.evidenceKey === null) return null;
        if (alike.findLast(({ evidenceKey }) => evidenceKey !== null)?.evidenceKey !== item.evidenceKey)
          return "ANOTHER_KEY";
        const since = asked[item.evidenceKey];
        return since !== undefined && alike.some(({ createdAt }) => createdAt <= since) ? "OLDER_THAN_RETURN" : null;
      };
      const { counted, rejected } = standingEvidence(items, { ...rules, demands: new Map(Object.entries(asked)) });
      assert.deepEqual(
        counted,
        inTurn.filter((item) => reasonOf(item) === null),
      );
      assert.deepEqual(
        rejected.map(({ evidence_id, reason }) => [evidence_id, reason]),
        inTurn.flatMap((item) => (reasonOf(item) === null ? [] : [[item.id, reasonOf(item)]])),
      );
    }),
  );
});
