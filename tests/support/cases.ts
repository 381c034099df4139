// Runs the cases of a table, a few at a time, and names every one that fails: a matrix of thousands is no use when it
// shows only its first fault.

import assert from "node:assert/strict";

/**
 * @param atOnce how many run at the same moment
 * @throws AssertionError listing what failed
 */
export async function everyCase<Case>(
  cases: Iterable<Case>,
  name: (one: Case) => string,
  run: (one: Case) => Promise<void>,
  atOnce = 8,
): Promise<void> {
  const waiting = [...cases];
  assert.ok(waiting.length > 0, "a table without cases proves nothing");
  const failures: string[] = [];
  const work = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) {
      const current = one;
      await run(current).catch((error: unknown) => {
        failures.push(`${name(current)}: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  assert.ok(failures.length === 0, `${failures.length} cases failed:\n${failures.slice(0, 30).join("\n")}`);
}
