// `pnpm dispatch:drill`: makes faults on a throw-away stack and keeps score of how they were told, read and mended.

import { writeFile } from "node:fs/promises";
import { availableParallelism, loadavg } from "node:os";
import { abortOnSignal } from "../../dispatch/process/abort-on-signal.ts";
import { CommandFailure, runCommand } from "../../dispatch/process/command-line.ts";
import type { Drill } from "./drill.ts";
import { drills } from "./drills.ts";
import { groupsOf, playDrills, stackSeconds } from "./play.ts";
import { columns, phoneNote, rowOf, type Scorecard } from "./scorecard.ts";

const names = drills.map(({ name }) => name);
const everything = "all";

/** What `--json` writes, and the evidence packet reads. */
export type Scorecards = {
  readonly at: string;
  /** Of the last minute when the drills were over, and how many processors there are. */
  readonly load: number;
  readonly processors: number;
  readonly scorecards: readonly Scorecard[];
};

export const drillCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:drill",
      about:
        "Makes faults for real on a throw-away stack of this machine, waits for what tells of each, reads what an operator reads " +
        "first and holds it to the truth, runs the page's commands, mends, and counts what was lost of the commands " +
        `that were acknowledged meanwhile. The drills: ${names.join(", ")}.`,
      options: { all: { type: "boolean" }, list: { type: "boolean" }, json: { type: "string" } },
      meanings: {
        all: `the same as ${everything}`,
        list: "what each drill is about, and nothing else",
        json: "also write the scorecards to this file",
      },
      optionalOperands: { NAME: `the drill, several with commas between them, or ${everything}` },
    },
    async ({ all = false, list = false, json }, [given = ""]) => {
      if (list) {
        for (const drill of drills) console.log(`${drill.name.padEnd(24)}${drill.about} (${drill.runbook})`);
        return 0;
      }
      const wanted = all || given === everything ? drills : chosen(given.split(",").filter(Boolean));
      const stopping = abortOnSignal(() => console.error("\nStopping…"), new CommandFailure("The drill was stopped."));
      console.log(
        `${wanted.length === 1 ? "One drill" : `${wanted.length} drills`}, ${about(wanted)} on a machine at rest.`,
      );
      const scorecards: Scorecard[] = [];
      try {
        const say = (line: string) => console.log(line);
        await playDrills(wanted, { say, signal: stopping }, (card) => void scorecards.push(card));
      } finally {
        // Of a run that was stopped too: what was played was played.
        const results: Scorecards = {
          at: new Date().toISOString(),
          load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
          processors: availableParallelism(),
          scorecards,
        };
        if (json !== undefined) await writeFile(json, `${JSON.stringify(results, null, 2)}\n`);
        print(results);
      }
      return scorecards.some(({ failures }) => failures.length > 0) ? 1 : 0;
    },
  );

function chosen(given: readonly string[]): Drill[] {
  const unknown = given.find((name) => !names.includes(name));
  if (given.length === 0 || unknown !== undefined)
    throw new CommandFailure(
      `${unknown === undefined ? "Name a drill" : `There is no drill ${unknown}`}: ${names.join(", ")}; or ${everything}.`,
    );
  return drills.filter(({ name }) => given.includes(name));
}

function about(wanted: readonly Drill[]): string {
  const seconds = wanted.reduce((sum, drill) => sum + drill.seconds, groupsOf(wanted).length * stackSeconds);
  return seconds < 100 ? `about ${seconds} s` : `about ${Math.round(seconds / 60)} minutes`;
}

/** One drill, one paragraph: a table of ten columns does not fit into a terminal. */
function print({ scorecards, load, processors }: Scorecards): void {
  console.log(`\nScorecard; load ${load} on ${processors} processors`);
  for (const card of scorecards) {
    const [name = "", ...cells] = rowOf(card);
    console.log(`\n${name.padEnd(24)}${cells.at(-1) ?? ""}`);
    if (card.seen === null) continue;
    cells.slice(0, -1).forEach((cell, at) => console.log(`  ${(columns[at + 1] ?? "").padEnd(17)}${cell}`));
    for (const why of card.failures) console.log(`  ${"because".padEnd(17)}${why}`);
  }
  console.log(`\n${phoneNote}`);
  const played = scorecards.filter(({ seen, failures }) => seen !== null || failures.length > 0);
  const failed = played.filter(({ passed }) => !passed);
  const skipped = scorecards.length - played.length;
  console.log(
    `\n${played.length - failed.length} passed, ${failed.length} failed, ${skipped} skipped` +
      `${failed.length === 0 ? "" : `; failed: ${failed.map(({ drill }) => drill).join(", ")}`}`,
  );
}
