// What live work takes of somebody's time: as it is, not as it was planned.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { beyondPlan, fullStretches } from "../../dispatch/workforce/live-work.ts";

describe("work on site takes beside its booking", () => {
  const rows: readonly (readonly [string, [number, number] | null, readonly [number, number] | null])[] = [
    ["nothing while its planned time runs", [900, 1100], null],
    ["nothing in its very first moment", [1000, 1100], null],
    ["the reserve from the moment its planned end comes", [900, 1000], [1000, 1240]],
    ["the reserve from now on, however long it has run over", [100, 200], [1000, 1240]],
    ["the reserve, when it came without a booking", null, [1000, 1240]],
    ["the time up to it, when it began early", [1100, 1200], [1000, 1100]],
    ["the reserve, when it began earlier than that", [5000, 5100], [1000, 1240]],
  ];
  const beyond = (planned: readonly (readonly [number, number])[]) => {
    const found = beyondPlan(
      planned.map(([start, end]) => ({ start, end })),
      1000,
      240,
    );
    return found && [found.start, found.end];
  };
  for (const [what, planned, expected] of rows)
    test(what, () => assert.deepEqual(beyond(planned ? [planned] : []), expected));

  test("in parts: nothing during each and between them, the reserve behind the last, and the time up to the first", () => {
    const parts = [
      [900, 1100],
      [1500, 1600],
    ] as const;
    const later = (by: number) => parts.map(([start, end]) => [start - by, end - by] as const);
    assert.deepEqual(
      [beyond(parts), beyond(later(100)), beyond(later(300)), beyond(later(500))],
      [null, null, null, null],
    );
    assert.deepEqual(beyond(later(600)), [1000, 1240]);
    assert.deepEqual(beyond(later(-150)), [1000, 1050]);
  });
});

describe("of jobs at the same time there are enough", () => {
  const jobs = (...ranges: readonly (readonly [number, number])[]) => ranges.map(([start, end]) => ({ start, end }));
  const rows: readonly (readonly [string, ReturnType<typeof jobs>, number, readonly (readonly [number, number])[]])[] =
    [
      ["never, without any", [], 1, []],
      [
        "during each, where one is all",
        jobs([0, 10], [10, 20], [30, 40]),
        1,
        [
          [0, 10],
          [10, 20],
          [30, 40],
        ],
      ],
      ["never, where two may run and none share time", jobs([0, 10], [10, 20]), 2, []],
      ["where two overlap, of two", jobs([0, 10], [5, 20]), 2, [[5, 10]]],
      ["not twice where a third lies over both", jobs([0, 10], [0, 10], [2, 8]), 2, [[0, 10]]],
      ["in any order", jobs([5, 20], [0, 10]), 2, [[5, 10]]],
      ["not for a job of no length", jobs([3, 3]), 1, []],
    ];
  for (const [what, ranges, most, expected] of rows)
    test(what, () => {
      const full = fullStretches(ranges, most);
      assert.deepEqual(
        full.map(({ start, end }) => [start, end]),
        expected,
      );
      assert.ok(full.every(({ because }) => because === "AT_LIMIT"));
    });
});
