// A program for scripts/test.ts: runs test files as `node --test` would, on the server of global-setup.ts, those that may share a
// process together, and the longest first. Arguments: the files; --report with a file for the results as JUnit writes them;
// --until with the moment by which they should have ended: then they are begun one by one in the order they are given in, and none
// that would not end in time; --surely with the number of those, from the first on, that are begun all the same; --remember with
// the file that is read and written in the place of the usual one; --again with which what fails beside others is run once more by
// itself: it has failed when it fails there too, and is named as unsteady when it does not.

import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, relative, resolve } from "node:path";
import { Readable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import type { EventData } from "node:test";
import { junit, spec } from "node:test/reporters";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { idleShare } from "../../lab/testing/idle-share.ts";
import { recall, remember, secondsOf } from "../../lab/testing/remembered.ts";
import { companyGain, groupsOf, mayShareProcess } from "../../lab/testing/shared-process.ts";
import { takeNext, type Limits } from "../../lab/testing/take-next.ts";
import { globalSetup, globalTeardown } from "./global-setup.ts";
import { outcomeOf, type Outcome } from "./run-group.ts";

/** Each has waits of its own; more than these only take time from each other, and come near their limits. */
const atOnce = Math.min(4, availableParallelism() + 1);
/** Some files do little but wait: so many more are begun, one by one, while a third of the CPU lies idle. */
const besides = 3;
const idleEnough = 1 / 3;
const lookMs = 2_000;
const root = join(import.meta.dirname, "../..");

const { values, positionals } = parseArgs({
  options: {
    report: { type: "string" },
    until: { type: "string" },
    surely: { type: "string" },
    remember: { type: "string" },
    again: { type: "boolean" },
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
  const failedBeside: Failed[] = [];
  const tell = ({ said, ...outcome }: Told): void => {
    for (const event of said) events.push(event);
    for (const file of outcome.unfinished) events.push(diagnostic(`${file} was not run to its end`));
    outcomes.push(outcome);
  };
  const take = (files: readonly string[], told: Told): void => {
    if (values.again && !isWell(told) && mayBeUnsteady(files, told)) failedBeside.push({ files, told });
    else tell(told);
  };
  const next = () => takeNext(waiting, groups - waiting.length, limits, Date.now());
  await Promise.all([
    ...Array.from({ length: atOnce }, () => runOneByOne(next, take)),
    runWhileIdle(() => waiting.length > 0, next, take),
  ]);
  const unsteady: string[] = [];
  for (const { files, told } of failedBeside) {
    const alone = interrupted.signal.aborted ? told : await outcomeOf(files, interrupted.signal);
    tell(alone);
    if (isWell(alone)) unsteady.push(...failuresOf(told));
  }
  for (const message of [...unsteady, ...totalsOf(outcomes, unsteady.length)]) events.push(diagnostic(message));
  events.push(null);
  await Promise.all([finished(shown), ...written]);
  const seconds = Object.assign({}, ...outcomes.map((one) => one.seconds));
  await remember({ seconds, ...(values.until !== undefined && { left: waiting.flat() }) }, values.remember);
  return !interrupted.signal.aborted && outcomes.length > 0 && outcomes.every(isWell);
}

async function longestGroupFirst(usual: (files: readonly string[]) => number): Promise<string[][]> {
  const sharing = new Set<string>();
  for (const file of positionals)
    if (mayShareProcess(relative(root, resolve(file)), await readFile(file, "utf8").catch(() => ""))) sharing.add(file);
  const groups = groupsOf(positionals, (file) => sharing.has(file));
  return groups.toSorted((one, other) => usual(other) - usual(one));
}

type Told = Outcome & { readonly said: readonly object[] };
type Take = (files: readonly string[], told: Told) => void;
type Failed = { readonly files: readonly string[]; readonly told: Told };

const isWell = ({ summary, unfinished }: Outcome): boolean => summary.success && unfinished.length === 0;

/** What was made by chance is something else the next time: what it has shown, and whatever names its seed, is not to be passed over. */
const mayBeUnsteady = (files: readonly string[], told: Told): boolean =>
  !files.some((file) => relative(root, resolve(file)).startsWith("tests/hostile")) &&
  !failedIn(told).some(({ why }) => /\bseed\b/i.test(why));

/** What a file says is shown when it has ended: files run beside each other, and one would speak between the lines of another. */
async function runOneByOne(next: () => string[] | undefined, take: Take): Promise<void> {
  for (;;) {
    if (interrupted.signal.aborted) return;
    const files = next();
    if (files === undefined) return;
    take(files, await outcomeOf(files, interrupted.signal));
  }
}

async function runWhileIdle(areLeft: () => boolean, next: () => string[] | undefined, take: Take): Promise<void> {
  const share = idleShare();
  const begun: Promise<void>[] = [];
  let running = 0;
  const run = async (files: readonly string[]) => {
    running++;
    take(files, await outcomeOf(files, interrupted.signal));
    running--;
  };
  while (areLeft() && !interrupted.signal.aborted) {
    await delay(lookMs, undefined, { signal: interrupted.signal }).catch(() => undefined);
    if (share() < idleEnough || running === besides || interrupted.signal.aborted) continue;
    const files = next();
    if (files === undefined) break;
    const one = run(files);
    // Told below, once all have ended.
    one.catch(() => undefined);
    begun.push(one);
  }
  await Promise.all(begun);
}

const diagnostic = (message: string) => ({ type: "test:diagnostic", data: { nesting: 0, message, level: "info" } });

/** A line for each test of theirs that failed, and each file that came to no end. */
const failuresOf = (told: Told): string[] => [
  ...failedIn(told).map(
    ({ name, file, why }) =>
      `unsteady, failed beside others and passed alone: ${name} (${relative(root, file ?? "")}): ${why}`,
  ),
  ...told.unfinished.map((file) => `unsteady, came to no end beside others: ${file}`),
];

function failedIn({ said }: Told) {
  return said.flatMap((event) => {
    if (!isFailure(event)) return [];
    const { name, file, details } = event.data;
    const error: Error & { failureType?: string } = details.error;
    if (error.failureType === "subtestsFailed") return [];
    const lines = String(error.cause ?? error.message).split("\n", 20);
    return [{ name, file, why: lines.join("\n    ") }];
  });
}

type FailEvent = { readonly type: "test:fail"; readonly data: EventData.TestFail };

const isFailure = (event: object): event is FailEvent => "type" in event && event.type === "test:fail";

function totalsOf(outcomes: readonly Outcome[], unsteady: number): string[] {
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
    ...(values.again ? [`unsteady ${unsteady}`] : []),
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
