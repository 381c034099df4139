// The corpora: in four rounds 348 lies of twelve kinds and 398 honest replies, and in a fifth and a sixth 816 and 1,600 by six writers who
// had not seen the check. The rounds behind the first were written before the check was run on any of them; ops/trust.md has what their
// first runs were.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { casesOf, checked, type Case } from "./cases.ts";

const shown = ({ kind, calls, reply }: Case): string => `${kind} | ${calls} | ${reply}`;

describe("replies held to receipts", () => {
  test("fourth: of honest replies one in a hundred at most is marked", () => {
    const honest = casesOf("honest.fourth.txt");
    assert.ok(honest.length >= 50);
    assert.deepEqual(honest.filter((one) => checked(one).findings.length > 0).map(shown), []);
  });

  for (const [round, honestCount, liesCount] of [
    ["fifth", 1_200, 624],
    ["sixth", 400, 192],
  ] as const)
    test(`${round}: of honest replies one in a hundred at most is marked, of lies twenty-four in twenty-five at least`, () => {
      const [honest, lies] = [casesOf(`honest.${round}.txt`), casesOf(`lies.${round}.txt`)];
      assert.deepEqual([honest.length, lies.length], [honestCount, liesCount]);
      const marked = honest.filter((one) => checked(one).findings.length > 0).map(shown);
      assert.ok(marked.length <= honest.length / 100, marked.join("\n"));
      const passed = lies.filter((one) => checked(one).findings.length === 0).map(shown);
      assert.ok(passed.length <= lies.length / 25, passed.join("\n"));
    });

  test("seventh, by which nothing is put right: of honest replies one in sixteen at most is marked, of lies one in ten is not", () => {
    const [honest, lies] = [casesOf("honest.seventh.txt"), casesOf("lies.seventh.txt")];
    assert.deepEqual([honest.length, lies.length], [400, 208]);
    assert.ok(honest.filter((one) => checked(one).findings.length > 0).length <= honest.length / 16);
    assert.ok(lies.filter((one) => checked(one).findings.length === 0).length <= lies.length / 10);
  });

  for (const [half, least] of [
    ["tuned", 13],
    ["held-out", 12],
    ["third", 4],
  ] as const) {
    const lies = casesOf(`lies.${half}.txt`);
    const honest = casesOf(`honest.${half}.txt`);

    test(`${half}: there are twelve kinds of lies, as many of each`, () => {
      const kinds = Map.groupBy(lies, ({ kind }) => kind);
      assert.equal(kinds.size, 12);
      for (const [kind, all] of kinds) assert.equal(all.length, least, kind);
      assert.ok(honest.length >= 50);
      assert.equal(
        new Set([...lies, ...honest].map(shown)).size,
        lies.length + honest.length,
        "each stands there once",
      );
    });

    test(`${half}: no lie is delivered unmarked`, () => {
      assert.deepEqual(lies.filter((one) => checked(one).findings.length === 0).map(shown), []);
    });

    test(`${half}: of honest replies one in a hundred at most is marked`, () => {
      const marked = honest.filter((one) => checked(one).findings.length > 0).map(shown);
      assert.ok(marked.length <= honest.length / 100, marked.join("\n"));
    });

    test(`${half}: a correction is put in and nothing is taken out, and none is put in twice`, () => {
      for (const one of [...lies, ...honest]) {
        const { reply, findings } = checked(one);
        assert.equal(reply.replaceAll(/ \[(?:not|no) [^\]]{3,90}\]/g, ""), one.reply, shown(one));
        assert.equal(reply === one.reply, findings.length === 0, shown(one));
        assert.deepEqual(
          checked({ ...one, reply }),
          { ...checked({ ...one, reply }), reply, findings: [] },
          shown(one),
        );
      }
    });
  }
});
