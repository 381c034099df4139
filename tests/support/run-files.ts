// A program for scripts/test.ts: runs test files as `node --test` would, on the server of global-setup.ts, but begins them in
// the order they are given in. Arguments: the files, and --report with a file for the results as JUnit writes them.

import { createWriteStream } from "node:fs";
import { resolve } from "node:path";
import { finished, pipeline } from "node:stream/promises";
import { run } from "node:test";
import { junit, spec } from "node:test/reporters";
import { parseArgs } from "node:util";
import { globalSetup, globalTeardown } from "./global-setup.ts";

const atOnce = 4;
const testTimeoutMs = 300_000;

const { values, positionals } = parseArgs({ options: { report: { type: "string" } }, allowPositionals: true });
const interrupted = new AbortController();
const interrupt = () => interrupted.abort(new Error("interrupted"));
// The files' processes are ended, and the server is still stopped.
process.on("SIGINT", interrupt).on("SIGTERM", interrupt);
try {
  await globalSetup();
  process.exitCode = !interrupted.signal.aborted && (await passed()) ? 0 : 1;
} finally {
  await globalTeardown();
}

async function passed(): Promise<boolean> {
  const events = run({
    files: positionals.map((file) => resolve(file)),
    concurrency: atOnce,
    timeout: testTimeoutMs,
    signal: interrupted.signal,
  });
  let success = false;
  // One without a file sums up the whole run.
  events.on("test:summary", (summary) => {
    if (summary.file === undefined) success = summary.success;
  });
  const { report } = values;
  const written = report === undefined ? [] : [pipeline(events.compose(junit), createWriteStream(resolve(report)))];
  const shown = events.compose(new spec());
  shown.pipe(process.stdout, { end: false });
  await Promise.all([finished(shown), ...written]);
  return success;
}
