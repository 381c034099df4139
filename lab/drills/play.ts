// Plays drills one after the other, those that need the same stack on one: a boot costs more than most drills do.

import { CommandFailure, messageOf } from "../../dispatch/process/command-line.ts";
import type { Drill } from "./drill.ts";
import { withGround, type Ground } from "./ground.ts";
import { runDrill, type DrillOptions } from "./run-drill.ts";
import { failedCard, skippedCard, type Scorecard } from "./scorecard.ts";

/** About what a stack's start and end take, in seconds, on a machine at rest. */
export const stackSeconds = 12;

/** Drills that share a stack, together and in the order of their first. */
export function groupsOf(drills: readonly Drill[]): Drill[][] {
  return [...Map.groupBy(drills, ({ needs = {} }) => JSON.stringify(needs)).values()];
}

/** Gives `keep` a card for each drill as soon as it was played. */
export async function playDrills(
  drills: readonly Drill[],
  options: DrillOptions,
  keep: (card: Scorecard) => void,
): Promise<void> {
  const { say, signal } = options;
  for (const group of groupsOf(drills)) {
    const left: Drill[] = [];
    for (const drill of group) {
      const why = (await drill.skip?.()) ?? null;
      if (why === null) left.push(drill);
      else {
        keep(skippedCard(drill, why));
        say(`\n# ${drill.name}\nSkipped: ${why}.`);
      }
    }
    while (left.length > 0) {
      signal.throwIfAborted();
      await withGround(left[0]?.needs ?? {}, options, async (ground) => {
        // A drill that was not over may have left its fault behind: the next gets a new stack.
        for (let well = true; well && left.length > 0;) {
          const drill = left.shift();
          if (drill === undefined) continue;
          const card = await play(drill, ground, options);
          keep(card);
          well = isOver(card);
        }
      });
    }
  }
}

const isOver = ({ seen }: Scorecard): boolean => seen !== null && seen.mended_ms !== null;

async function play(drill: Drill, ground: Ground, options: DrillOptions): Promise<Scorecard> {
  options.say(`\n# ${drill.name}`);
  try {
    return await runDrill(drill, ground, options);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof CommandFailure)) throw error;
    options.say(messageOf(error));
    return failedCard(drill, messageOf(error));
  }
}
