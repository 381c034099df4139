// The totals of a test run, from the report that `pnpm test --report` writes.

import { CommandFailure } from "../../dispatch/process/command-line.ts";

export type TestTotals = {
  readonly tests: number;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
};

/** @throws CommandFailure when the text is no such report, or one of a run that did not end */
export function totalsOf(xml: string): TestTotals {
  const total = (name: string): number => {
    // Each file's own totals come before; the last one is the run's.
    const text = [...xml.matchAll(new RegExp(`<!-- ${name} ([\\d.]+) -->`, "g"))].at(-1)?.[1];
    if (text === undefined)
      throw new CommandFailure(
        `The test report has no total of ${name}: it is not from a whole run of pnpm test --report.`,
      );
    return Number(text);
  };
  return {
    tests: total("tests"),
    passed: total("pass"),
    failed: total("fail") + total("cancelled"),
    skipped: total("skipped"),
    seconds: Math.round(total("duration_ms") / 1000),
  };
}
