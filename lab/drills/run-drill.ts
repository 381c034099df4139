// Plays one drill on a stack that is up: the stream of commands, the fault, the wait for what tells of it, what an operator
// reads first, the page's commands as written, the mend, the wait until all is well, and what was lost.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { CommandFailure, messageOf } from "../../dispatch/process/command-line.ts";
import { blocksOf, type RunbookBlock } from "../runbooks/blocks.ts";
import { CommandStream, type Tally } from "./command-stream.ts";
import { mendsItselfMs, type Drill, type Fault } from "./drill.ts";
import type { Ground, GroundOptions } from "./ground.ts";
import { cardOf, seconds, type Scorecard } from "./scorecard.ts";
import { Signs } from "./signs.ts";
import { waitFor } from "./wait-for.ts";

const root = join(import.meta.dirname, "../..");
const firstCommand = "pnpm dispatch:alerts";
const firstLines = 12;
/** A fault that must harm nobody is given so long to harm somebody before the first command is typed. */
const harmlessMs = 3_000;
/** What comes too late is waited for a little, so that the card can say how late. */
const usualPatience = 2;
const streamEndsWithinMs = 30_000;
/** Commands under these headings belong to the fault; those of all later ones to the time after it. */
const duringFault = new Set(["How to confirm", "First five minutes"]);
const fixing = "Fix";

export type DrillOptions = GroundOptions & {
  /** How many times as long as it may take something is waited for; 2 unless given. */
  readonly patience?: number;
};

/** @throws CommandFailure when the fault cannot be made */
export async function runDrill(
  drill: Drill,
  ground: Ground,
  { say, signal, patience = usualPatience }: DrillOptions,
): Promise<Scorecard> {
  const page = await readFile(join(root, drill.runbook), "utf8");
  const blocks = blocksOf(page).filter(({ heading }) => drill.walks?.includes(heading) ?? true);
  const walk = new Walk(ground, say);
  const stream = new CommandStream(ground);
  const signs = await Signs.watch(ground);
  let fault: Fault = {};
  const undo = async () => {
    try {
      await fault.undo?.();
    } catch (error) {
      say(`What is left of the fault could not be taken away: ${messageOf(error)}`);
    }
  };
  try {
    const begun = performance.now();
    if ((await waitFor(() => stream.flowsSince(begun), mendsItselfMs, signal)) === null)
      throw new CommandFailure(`No command is acknowledged before the fault: ${stream.refused ?? "no answer"}.`);
    say(`Fault: ${drill.about}.`);
    fault = (await drill.provoke(ground, signal)) ?? {};
    const faultAt = performance.now();
    const watched = { fault, signs, stream, signal, patience };
    const mended = drill.mend.by === "itself" ? wait(drill, ground, watched, faultAt) : null;
    // Awaited below, behind what may throw first.
    mended?.catch(() => undefined);
    const told = await waitForTold(drill, watched);
    say(describeTold(drill, told, faultAt, signs));
    const command = drill.reads.command ?? firstCommand;
    const first = await ground.run(`${assignments(fault.variables ?? {})}${command}`);
    const lines = [...(fault.said ?? []), ...first.output.trimEnd().split("\n")].slice(0, firstLines);
    say(`${command} says (${seconds(first.tookMs)}):\n${lines.map((line) => `    | ${line}`).join("\n")}`);
    await walk.through(blocks.filter(({ heading }) => duringFault.has(heading)));
    await walk.through(blocks.filter(({ heading }) => heading === fixing));
    const { by, at } = await mend(drill, ground, page, walk);
    const mendedMs = await (mended ?? wait(drill, ground, watched, at));
    say(mendedMs === null ? "Not over in time." : `All is well after ${seconds(mendedMs)}: ${by}.`);
    if (mendedMs === null) say(`  what shows now: ${signs.all().join("; ") || "nothing"}`);
    await undo();
    await walk.through(blocks.filter(({ heading }) => !duringFault.has(heading) && heading !== fixing));
    const tally: Tally = await stream.end(streamEndsWithinMs);
    if (stream.refused !== null) say(`The stream was refused: ${stream.refused}`);
    return cardOf(drill, {
      told_ms: told === null ? null : Math.max(0, Math.round(told.at - faultAt)),
      told_by: told?.text ?? (drill.told === null ? "not needed" : null),
      first_command: command,
      first_lines: lines,
      first_ms: Math.round(first.tookMs),
      mended_ms: mendedMs,
      mended_by: by,
      acknowledged: tally.acknowledged,
      repeated: tally.repeated,
      slowest_ms: tally.slowestMs,
      ...(await stream.reconcile(ground.sql)),
      commands: walk.walked,
      commands_as_written: walk.walked - walk.differing.length,
      differing: walk.differing,
    });
  } finally {
    await undo();
    await stream.end(0);
    await signs.stop();
  }
}

type Watched = {
  readonly fault: Fault;
  readonly signs: Signs;
  readonly stream: CommandStream;
  readonly signal: AbortSignal;
  readonly patience: number;
};

async function waitForTold({ told }: Drill, { signs, signal, patience }: Watched) {
  if (told === null) {
    await pause(harmlessMs, undefined, { signal });
    return null;
  }
  await waitFor(() => signs.first(told.by) !== null, told.withinMs * patience, signal);
  return signs.first(told.by);
}

function describeTold(
  { told }: Drill,
  sign: { text: string; at: number } | null,
  faultAt: number,
  signs: Signs,
): string {
  if (told === null) return "It must harm nobody, and need not be told.";
  if (sign !== null) return `First sign after ${seconds(Math.max(0, sign.at - faultAt))}: ${sign.text}.`;
  return `Nothing told of it. What was seen: ${signs.all().join("; ") || "nothing"}.`;
}

/** Until all is well, from `since`; null when it is not within twice the time it may take. */
async function wait(drill: Drill, ground: Ground, { fault, signs, stream, signal, patience }: Watched, since: number) {
  const { told, wellWithinMs = mendsItselfMs } = drill;
  // What nobody mends is first seen, and then over.
  if (drill.mend.by === "itself" && told !== null)
    await waitFor(() => signs.first(told.by) !== null, told.withinMs * patience, signal);
  const from = performance.now();
  const took = await waitFor(
    async () =>
      (await ground.health())?.status === 200 &&
      (told === null || !signs.shows(told.by)) &&
      stream.flowsSince(from) &&
      ((await fault.isWell?.()) ?? true),
    wellWithinMs * patience,
    signal,
  );
  return took === null ? null : Math.round(performance.now() - since);
}

/** Does what ends the fault. @returns what, and the moment of it */
async function mend(
  { mend: how }: Drill,
  ground: Ground,
  page: string,
  walk: Walk,
): Promise<{ by: string; at: number }> {
  const at = performance.now();
  if (how.by === "itself") return { by: "by itself", at };
  if (how.by === "cause") return { by: await how.fix(ground), at };
  const { command, run = command } = how;
  if (!page.includes(command)) walk.differs(0, `the page does not have ${command}`);
  else {
    const commands = `${assignments((await how.fill?.(ground)) ?? {})}${run}`;
    await walk.through([{ heading: fixing, line: lineOf(page, command), commands, expected: [] }]);
  }
  return { by: `one command of the page: ${run}`, at };
}

/** Set as their reader sets them, on lines of their own. */
const assignments = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `${name}='${value}'\n`)
    .join("");

const lineOf = (page: string, text: string): number => page.slice(0, page.indexOf(text)).split("\n").length;

class Walk {
  readonly differing: { line: number; why: string }[] = [];
  walked = 0;
  readonly #ground: Ground;
  readonly #say: (line: string) => void;

  constructor(ground: Ground, say: (line: string) => void) {
    this.#ground = ground;
    this.#say = say;
  }

  async through(blocks: readonly RunbookBlock[]): Promise<void> {
    for (const block of blocks) {
      const { output, code, missing, tookMs } = await this.#ground.shell.run(block);
      // What tells of a fault ends with another code than 0 while there is one; then its words count.
      const ended = code !== 0 && !(duringFault.has(block.heading) && block.expected.length > 0);
      const why = ended ? `exit code ${code}` : missing !== null ? `its output lacks ${missing}` : null;
      this.walked++;
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

  differs(line: number, why: string): void {
    this.walked++;
    this.differing.push({ line, why });
    this.#say(`  runbook: ${why}`);
  }
}
