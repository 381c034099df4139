// Runs a test file in a process of its own, or several that may share one in one, and tells what they said.

import { join, resolve } from "node:path";
import { run, type EventData } from "node:test";
import type { TestEvent } from "node:test/reporters";
import { companyGain } from "../../lab/testing/shared-process.ts";
import { lastTestOf } from "./last-test.ts";

/** For what hangs: on a machine that is four times slower than two cores at rest no test comes near it. */
const testTimeoutMs = 600_000;
const sharedProcess = join(import.meta.dirname, "shared-process.ts");

export type Outcome = {
  /** By file, how long it took, or would have taken by itself. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly summary: EventData.TestSummary;
  /** Those of a shared process that came to no end, because it had one. */
  readonly unfinished: readonly string[];
};

/** Runs one file, or several after each other in one process. */
export async function outcomeOf(files: readonly string[], signal: AbortSignal): Promise<Outcome & { said: object[] }> {
  const said: object[] = [];
  const seconds: Record<string, number> = {};
  const isShared = files.length > 1;
  let summary: EventData.TestSummary | undefined;
  let from = Date.now();
  const ended = (file: string) => {
    seconds[file] = ((Date.now() - from) / 1_000) * (isShared ? companyGain : 1);
    from = Date.now();
  };
  const stream = run({
    files: isShared ? [sharedProcess] : files.map((file) => resolve(file)),
    argv: isShared ? files : [],
    // Of all that a process runs; each test has no more than before.
    timeout: testTimeoutMs * files.length,
    execArgv: [`--test-timeout=${testTimeoutMs}`],
    signal,
  });
  stream.on("test:summary", (data) => {
    // One without a file sums up the whole run, which here is of these files.
    if (data.file === undefined) summary = data;
  });
  for await (const event of stream) {
    if (!isTotal(event)) said.push(event);
    const last = isShared && endsFile(event) ? files.find((file) => event.data.name === lastTestOf(file)) : undefined;
    if (last !== undefined) ended(last);
  }
  if (summary === undefined) throw new Error(`${files.join(", ")} ended without a summary`);
  if (!isShared) files.forEach(ended);
  return { said, seconds, summary, unfinished: files.filter((file) => seconds[file] === undefined) };
}

const endsFile = (event: TestEvent) =>
  (event.type === "test:pass" || event.type === "test:fail") && event.data.nesting === 0;

/** They are told at the end, of all files. */
const isTotal = ({ type, data }: { type: string; data: { file?: string; nesting?: number } }): boolean =>
  data.file === undefined && (type === "test:summary" || type === "test:plan" || type === "test:diagnostic");
