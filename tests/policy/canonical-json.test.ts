import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { canonicalJson, canonicalSha256 } from "../../dispatch/policy/canonical-json.ts";

describe("canonicalJson", () => {
  const cases: [unknown, string][] = [
    [{ b: 1, a: { d: null, c: [2, 1] } }, '{"a":{"c":[2,1],"d":null},"b":1}'],
    [{ é: 1, z: 2, Z: 3, 10: 4, 9: 5 }, '{"10":4,"9":5,"Z":3,"z":2,"é":1}'],
    ['line\n"quote"', '"line\\n\\"quote\\""'],
    [[], "[]"],
    [{}, "{}"],
    [-0, "0"],
    [{ b: undefined, a: 1 }, '{"a":1}'],
  ];
  for (const [value, text] of cases) it(`writes ${text}`, () => assert.equal(canonicalJson(value), text));

  it("tells numbers JSON has no form for from null, and from each other", () => {
    assert.equal(
      new Set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, null].map((one) => canonicalJson([one])))
        .size,
      4,
    );
  });

  it("means the same value and does not depend on the order keys were added in", () => {
    const entries = fc.uniqueArray(fc.tuple(fc.string(), fc.integer()), { selector: ([key]) => key });
    fc.assert(
      fc.property(entries, (list) => {
        const text = canonicalJson(Object.fromEntries(list));
        assert.equal(canonicalJson(Object.fromEntries(list.toReversed())), text);
        assert.deepEqual(JSON.parse(text), Object.fromEntries(list));
      }),
    );
  });

  it("hashes as UTF-8", () => {
    // printf '"é"' | sha256sum
    assert.equal(canonicalSha256("é"), "f2886017e9c7abacf804b54d64787dce2b611c9544ba21f3affdd126a6e50086");
  });
});
