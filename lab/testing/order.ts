// In which order test files are begun; node itself would go by their names.

/** Each takes a minute and more, much of it waiting: begun late, they would leave the other core idle at the end. */
export const longest = [
  "tests/ops/runbook-commands.test.ts",
  "tests/gateway/gateway.test.ts",
  "tests/plugin/trouble.test.ts",
  "tests/stack/life.test.ts",
];

export const longestFirst = (files: readonly string[]): string[] => [
  ...longest.filter((file) => files.includes(file)),
  ...files.filter((file) => !longest.includes(file)).toSorted(),
];
