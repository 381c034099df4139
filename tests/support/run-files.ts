// A program for scripts/test.ts: runs test files as `node --test` would, on the server of global-setup.ts, those that may share a
// process together, and the longest first. Arguments: the files; --report with a file for the results as JUnit writes them;
// --until with the moment by which they should have ended: then they are begun one by one in the order they are given in, and none
// that would not end in time; --surely with the number of those, from the first on, that are begun all the same; --remember with
// the file that is read and written in the place of the usual one.

import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";
import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import type { EventData } from "node:test";
import { junit, spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { recall, remember, secondsOf } from "../../lab/testing/remembered.ts";
import { companyGain, groupsOf, mayShareProcess } from "../../lab/testing/shared-process.ts";
import { takeNext, type Limits } from "../../lab/testing/take-next.ts";
import { globalSetup, globalTeardown } from "./global-setup.ts";
import { outcomeOf, type Outcome } from "./run-group.ts";

/** Each has waits of its own; more than these only take time from each other, and come near their limits. */
const atOnce = Math.min(4, availableParallelism() + 1);
const root = join(import.meta.dirname, "../..");

const { values, positionals } = parseArgs({
  options: {
    report: { type: "string" },
    until: { type: "string" },
    surely: { type: "string" },
    remember: { type: "string" },
  },
  allowPositionals: true,
});
const interrupted = new AbortController();
const interrupt = () => interrupted.abort(new Error("interrupted"));
const began = Date.now();

async function passed(): Promise<boolean> {
  const usual = secondsOf(await recall(values.remember));
  const limits: Limits<readonly string[]> = {
    surely: Number(values.surely ?? 1),
    until: Number(values.until ?? Infinity),
    secondsOf: (files) => files.reduce((sum, file) => sum + usual(file), 0) / (files.length > 1 ? companyGain : 1),
  };
  const waiting =
    values.until === undefined ? await longestGroupFirst(limits.secondsOf) : positionals.map((one) => [one]);
  const groups = waiting.length;
  const outcomes: Outcome[] = [];
  const events = new Readable({ objectMode: true, read: () => undefined });
  const { report } = values;
  const written = report === undefined ? [] : [pipeline(events.compose(junit), createWriteStream(resolve(report)))];
  const shown = events.compose(new spec());
  shown.pipe(process.stdout, { end: false });
  await Promise.all(Array.from({ length: atOnce }, () => runOneByOne(waiting, groups, limits, events, outcomes)));
  for (const message of totalsOf(outcomes)) events.push(diagnostic(message));
  events.push(null);
  await Promise.all([finished(shown), ...written]);
  const seconds = Object.assign({}, ...outcomes.map((one) => one.seconds));
  await remember({ seconds, ...(values.until !== undefined && { left: waiting.flat() }) }, values.remember);
  const isWell = ({ summary, unfinished }: Outcome) => summary.success && unfinished.length === 0;
  return !interrupted.signal.aborted && outcomes.length > 0 && outcomes.every(isWell);
}

async function longestGroupFirst(usual: (files: readonly string[]) => number): Promise<string[][]> {
  const sharing = new Set<string>();
  for (const file of positionals)
    if (mayShareProcess(relative(root, resolve(file)), await readFile(file, "utf8").catch(() => ""))) sharing.add(file);
  const groups = groupsOf(positionals, (file) => sharing.has(file));
  return groups.toSorted((one, other) => usual(other) - usual(one));
}

/** What a file says is shown when it has ended: files run beside each other, and one would speak between the lines of another. */
async function runOneByOne(
  waiting: string[][],
  groups: number,
  limits: Limits<readonly string[]>,
  events: Readable,
  outcomes: Outcome[],
): Promise<void> {
  for (;;) {
    if (interrupted.signal.aborted) return;
    const files = takeNext(waiting, groups - waiting.length, limits, Date.now());
    if (files === undefined) return;
    const { said, ...outcome } = await outcomeOf(files, interrupted.signal);
    for (const event of said) events.push(event);
    for (const file of outcome.unfinished) events.push(diagnostic(`${file} was not run to its end`));
    outcomes.push(outcome);
  }
}

const diagnostic = (message: string) => ({ type: "test:diagnostic", data: { nesting: 0, message, level: "info" } });

function totalsOf(outcomes: readonly Outcome[]): string[] {
  const sum = (what: keyof EventData.TestSummary["counts"]) =>
    outcomes.reduce((all, { summary }) => all + summary.counts[what], 0);
  return [
    `tests ${sum("tests")}`,
    `suites ${sum("suites")}`,
    `pass ${sum("passed")}`,
    `fail ${sum("tests") - sum("passed") - sum("skipped") - sum("todo") - sum("cancelled")}`,
    `cancelled ${sum("cancelled")}`,
    `skipped ${sum("skipped")}`,
    `todo ${sum("todo")}`,
    `duration_ms ${Date.now() - began}`,
  ];
}

// The files' processes are ended, and the server is still stopped.
process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
try {
  await globalSetup();
  process.exitCode = !interrupted.signal.aborted && (await passed()) ? 0 : 1;
} finally {
  await globalTeardown();
}
