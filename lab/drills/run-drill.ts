// Plays one drill from an empty folder to its scorecard: stack up, fault, the wait for what shows it, the runbook's
// commands as written, the fix, the wait until it is over.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { blocksOf, type RunbookBlock } from "../runbooks/blocks.ts";
import { openShell, type RunbookShell } from "../runbooks/run-block.ts";
import type { Drill, DrillGround } from "./drill.ts";
import { withDrillGround } from "./drill-ground.ts";

export type Scorecard = {
  readonly drill: string;
  readonly shown_by: string;
  readonly runbook: string;
  /** From the fault to what shows it; null when nothing did. */
  readonly detected_ms: number | null;
  /** From the fix until nothing shows it any more; null when it went on. */
  readonly recovered_ms: number | null;
  readonly fixed_by: string;
  /** The runbook's commands, and how many of them did what it says. */
  readonly commands: number;
  readonly commands_as_written: number;
  readonly differing: readonly { readonly line: number; readonly why: string }[];
  readonly passed: boolean;
};

const root = join(import.meta.dirname, "../..");
const seenWithinMs = 120_000;
const overWithinMs = 60_000;
const lookEveryMs = 100;
/** Commands under these headings belong to the fault; those of all later ones to the time after it. */
const duringFault = new Set(["How to confirm", "First five minutes"]);
const fixing = "Fix";

export type DrillOptions = { readonly say: (line: string) => void; readonly signal: AbortSignal };

/** @throws CommandFailure when the stack does not start or the fault cannot be made */
export async function runDrill(drill: Drill, { say, signal }: DrillOptions): Promise<Scorecard> {
  const blocks = blocksOf(await readFile(join(root, drill.runbook), "utf8"));
  return withDrillGround(drill, { say, signal }, async (ground) => {
    const shell = await openShell({ environment: ground.environment, addresses: ground.addresses });
    try {
      const walk = new Walk(shell, say);
      say(`Fault: ${drill.about}.`);
      await using fault = new AsyncDisposableStack();
      // Whatever hangs because of the fault would outlive a stack that is stopped before the fix.
      fault.defer(async () => void (await drill.fix(ground).catch(() => undefined)));
      await drill.provoke(ground);
      const detected = await waitFor(() => isShown(drill, ground), seenWithinMs, signal);
      say(
        detected === null
          ? `Nothing showed it within ${seenWithinMs / 1000} s.`
          : `Shown by ${shownBy(drill)} after ${seconds(detected)}.`,
      );
      await walk.through(blocks.filter(({ heading }) => duringFault.has(heading)));
      await walk.through(blocks.filter(({ heading }) => heading === fixing));
      const fixedBy = await drill.fix(ground);
      fault.move();
      say(`Fixed: ${fixedBy}.`);
      const recovered = await waitFor(
        async () =>
          (await isWell(ground)) && !(await isShown(drill, ground)) && ((await drill.isWell?.(ground)) ?? true),
        overWithinMs,
        signal,
      );
      say(recovered === null ? `Not over within ${overWithinMs / 1000} s.` : `Over after ${seconds(recovered)}.`);
      await walk.through(blocks.filter(({ heading }) => !duringFault.has(heading) && heading !== fixing));
      return {
        drill: drill.name,
        shown_by: shownBy(drill),
        runbook: drill.runbook,
        detected_ms: detected,
        recovered_ms: recovered,
        fixed_by: fixedBy,
        commands: blocks.length,
        commands_as_written: blocks.length - walk.differing.length,
        differing: walk.differing,
        passed: isInTime(drill, detected, recovered) && walk.differing.length === 0,
      };
    } finally {
      await shell.close();
    }
  });
}

class Walk {
  readonly differing: { line: number; why: string }[] = [];
  readonly #shell: RunbookShell;
  readonly #say: (line: string) => void;

  constructor(shell: RunbookShell, say: (line: string) => void) {
    this.#shell = shell;
    this.#say = say;
  }

  async through(blocks: readonly RunbookBlock[]): Promise<void> {
    for (const block of blocks) {
      const { output, code, missing, tookMs } = await this.#shell.run(block);
      const why = code !== 0 ? `exit code ${code}` : missing !== null ? `its output lacks ${missing}` : null;
      this.#say(`  runbook, ${block.heading}, line ${block.line}: ${why ?? "as written"} (${seconds(tookMs)})`);
      if (why === null) continue;
      this.differing.push({ line: block.line, why });
      this.#say(
        output
          .trimEnd()
          .split("\n")
          .slice(-12)
          .map((line) => `    | ${line}`)
          .join("\n"),
      );
    }
  }
}

/** Whether the fault was seen and over, and each as soon as the drill demands. */
export const isInTime = (
  { within }: Pick<Drill, "within">,
  detected: number | null,
  recovered: number | null,
): boolean =>
  detected !== null &&
  recovered !== null &&
  detected < (within?.detectedMs ?? Infinity) &&
  recovered < (within?.recoveredMs ?? Infinity);

const shownBy = ({ shownBy: by }: Drill): string => ("alert" in by ? by.alert : `/health ${by.health}`);
const isWell = async (ground: DrillGround): Promise<boolean> => (await ground.health()) === 200;

async function isShown({ shownBy: by }: Drill, ground: DrillGround): Promise<boolean> {
  if ("health" in by) return (await ground.health()) === by.health;
  return (await ground.alerts())?.includes(by.alert) ?? false;
}

/** How long it took, in ms; null when it did not come to be. */
async function waitFor(
  condition: () => Promise<boolean>,
  withinMs: number,
  signal: AbortSignal,
): Promise<number | null> {
  const begun = performance.now();
  while (!(await condition())) {
    if (performance.now() - begun > withinMs) return null;
    await pause(lookEveryMs, undefined, { signal });
  }
  return Math.round(performance.now() - begun);
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
