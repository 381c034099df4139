// `pnpm dispatch:drill`: makes faults on a throw-away stack and keeps score of how it was noticed and fixed.

import { writeFile } from "node:fs/promises";
import { abortOnSignal } from "../../dispatch/process/abort-on-signal.ts";
import { CommandFailure, runCommand } from "../../dispatch/process/command-line.ts";
import { drills } from "./drills.ts";
import { runDrill, seconds, type Scorecard } from "./run-drill.ts";

const names = drills.map(({ name }) => name);

export const drillCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:drill",
      about:
        "Makes a fault for real on a throw-away stack of this machine, waits for what shows it, walks " +
        "through the runbook's commands, fixes it, and prints a scorecard with the times. The drills: " +
        `${names.join(", ")}.`,
      options: { all: { type: "boolean" }, list: { type: "boolean" }, json: { type: "string" } },
      meanings: {
        all: "every drill, one after the other; about six minutes",
        list: "what each drill is about",
        json: "also write the scorecards to this file",
      },
      optionalOperands: { NAME: "the drill" },
    },
    async ({ all = false, list = false, json }, [name]) => {
      if (list) {
        for (const drill of drills) console.log(`${drill.name.padEnd(24)}${drill.about} (${drill.runbook})`);
        return 0;
      }
      const wanted = all ? drills : drills.filter((drill) => drill.name === name);
      if (wanted.length === 0)
        throw new CommandFailure(
          `${name === undefined ? "Name a drill" : `There is no drill ${name}`}: ${names.join(", ")}; or --all.`,
        );
      const stopping = abortOnSignal(() => console.error("\nStopping…"), new CommandFailure("The drill was stopped."));
      const cards: Scorecard[] = [];
      for (const drill of wanted) {
        console.log(`\n# ${drill.name}`);
        cards.push(await runDrill(drill, { say: (line) => console.log(line), signal: stopping }));
      }
      if (json !== undefined)
        await writeFile(json, `${JSON.stringify({ at: new Date().toISOString(), scorecards: cards }, null, 2)}\n`);
      print(cards);
      return cards.every(({ passed }) => passed) ? 0 : 1;
    },
  );

function print(cards: readonly Scorecard[]): void {
  const time = (ms: number | null) => (ms === null ? "never" : seconds(ms));
  const row = (
    drill: string,
    shownBy: string,
    ...[detected = "", recovered = "", commands = "", verdict = ""]: string[]
  ) =>
    `${drill.padEnd(24)}${shownBy.padEnd(28)}` +
    `${detected.padStart(10)}${recovered.padStart(11)}${commands.padStart(20)}  ${verdict}`;
  console.log(`\n${row("drill", "shown by", "detected", "recovered", "runbook as written", "verdict")}`);
  for (const card of cards) {
    const commands = `${card.commands_as_written} of ${card.commands}`;
    const verdict = card.passed ? "passed" : "FAILED";
    console.log(row(card.drill, card.shown_by, time(card.detected_ms), time(card.recovered_ms), commands, verdict));
  }
}
