// In which order test files are begun; node itself would go by their names.

/** Each takes a minute and more where others run beside it: begun late, they would leave the other core idle at the end. */
export const longest = [
  "tests/gateway/gateway.test.ts",
  "tests/ops/runbook-commands.test.ts",
  "tests/scripts/bench.test.ts",
  "tests/plugin/trouble.test.ts",
  "tests/stack/life.test.ts",
  "tests/hostile/contract.test.ts",
  "tests/gateway/tarball.test.ts",
  "tests/gateway/demo.test.ts",
  "tests/resilience/crash.test.ts",
  "tests/scripts/commands.test.ts",
  "tests/resilience/killed-mid-flight.test.ts",
  "tests/backup/recovery.test.ts",
];

/** @param secondsOf how long a file takes, as far as is known */
export const longestFirst = (files: readonly string[], secondsOf: (file: string) => number): string[] =>
  [
    ...longest.filter((file) => files.includes(file)),
    ...files.filter((file) => !longest.includes(file)).toSorted(),
  ].sort((one, other) => secondsOf(other) - secondsOf(one));
