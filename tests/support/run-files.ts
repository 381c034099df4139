// A program for scripts/test.ts: runs test files as `node --test` would, on the server of global-setup.ts, but begins them in
// the order they are given in, and none that would not end in time. Arguments: the files; --report with a file for the results
// as JUnit writes them; --until with the moment by which they should have ended, and --surely with the number of those, from
// the first on, that are begun all the same; --remember with the file that is read and written in the place of the usual one.

import { createWriteStream } from "node:fs";
import { resolve } from "node:path";
import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { run, type EventData } from "node:test";
import { junit, spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { recall, remember, secondsOf } from "../../lab/testing/remembered.ts";
import { takeNext, type Limits } from "../../lab/testing/take-next.ts";
import { globalSetup, globalTeardown } from "./global-setup.ts";

const atOnce = 4;
const testTimeoutMs = 300_000;

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
type Outcome = { readonly file: string; readonly seconds: number; readonly summary: EventData.TestSummary };

async function passed(): Promise<boolean> {
  const limits: Limits = {
    surely: Number(values.surely ?? 1),
    until: Number(values.until ?? Infinity),
    secondsOf: secondsOf(await recall(values.remember)),
  };
  const waiting = [...positionals];
  const outcomes: Outcome[] = [];
  const events = new Readable({ objectMode: true, read: () => undefined });
  const { report } = values;
  const written = report === undefined ? [] : [pipeline(events.compose(junit), createWriteStream(resolve(report)))];
  const shown = events.compose(new spec());
  shown.pipe(process.stdout, { end: false });
  await Promise.all(Array.from({ length: atOnce }, () => runOneByOne(waiting, limits, events, outcomes)));
  for (const message of totalsOf(outcomes))
    events.push({ type: "test:diagnostic", data: { nesting: 0, message, level: "info" } });
  events.push(null);
  await Promise.all([finished(shown), ...written]);
  const seconds = Object.fromEntries(outcomes.map((one) => [one.file, one.seconds]));
  await remember({ seconds, ...(values.until !== undefined && { left: waiting }) }, values.remember);
  return !interrupted.signal.aborted && outcomes.length > 0 && outcomes.every(({ summary }) => summary.success);
}

/** What a file says is shown when it has ended: files run beside each other, and one would speak between the lines of another. */
async function runOneByOne(waiting: string[], limits: Limits, events: Readable, outcomes: Outcome[]): Promise<void> {
  for (;;) {
    if (interrupted.signal.aborted) return;
    const begun = positionals.length - waiting.length;
    const file = takeNext(waiting, begun, limits, Date.now());
    if (file === undefined) return;
    const from = Date.now();
    const { said, summary } = await eventsOf(file);
    for (const event of said) events.push(event);
    outcomes.push({ file, seconds: (Date.now() - from) / 1_000, summary });
  }
}

async function eventsOf(file: string) {
  const said: object[] = [];
  let summary: EventData.TestSummary | undefined;
  const stream = run({ files: [resolve(file)], timeout: testTimeoutMs, signal: interrupted.signal });
  stream.on("test:summary", (data) => {
    // One without a file sums up the whole run, which here is of this file.
    if (data.file === undefined) summary = data;
  });
  for await (const event of stream) if (!isTotal(event)) said.push(event);
  if (summary === undefined) throw new Error(`${file} ended without a summary`);
  return { said, summary };
}

/** They are told at the end, of all files. */
const isTotal = ({ type, data }: { type: string; data: { file?: string; nesting?: number } }): boolean =>
  data.file === undefined && (type === "test:summary" || type === "test:plan" || type === "test:diagnostic");

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
