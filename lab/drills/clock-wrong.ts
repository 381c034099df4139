// The clock of the API's machine is five minutes ahead: tokens that were just signed have expired there, and its times are
// those of a future.

import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isObject } from "../../dispatch/kernel/json.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { mendsItselfMs, workStopsMs, type Drill } from "./drill.ts";
import type { Ground } from "./ground.ts";
import { waitFor } from "./wait-for.ts";

const aheadMs = 300_000;
const file = ({ dataDir }: Ground): string => join(dataDir, "clock-shift");

export const clockWrong: Drill = {
  name: "clock-wrong",
  about: "the API's clock is five minutes ahead of everybody else's",
  told: { by: /CLOCK|clock/, withinMs: workStopsMs },
  reads: { must: [/clock/i], mustNot: [/alerts: none fires/] },
  runbook: "ops/runbooks/clock_wrong.md",
  needs: { preload: pathToFileURL(join(import.meta.dirname, "shifted-clock.ts")).href },
  seconds: 25,
  async provoke(ground, signal) {
    await writeFile(file(ground), String(aheadMs));
    const isWrong = async () => (await ahead(ground)) > aheadMs / 2;
    if ((await waitFor(isWrong, mendsItselfMs, signal)) === null)
      throw new CommandFailure("The API's clock cannot be set wrong here.");
    return { undo: () => rm(file(ground), { force: true }), isWell: async () => Math.abs(await ahead(ground)) < 5_000 };
  },
  mend: {
    by: "cause",
    async fix(ground) {
      await rm(file(ground));
      return "set the clock right, and started nothing again";
    },
  },
};

/** How far the API's clock is ahead of this process's, in ms. */
async function ahead({ health }: Ground): Promise<number> {
  const body = (await health())?.body;
  return isObject(body) ? Date.parse(String(body["now"])) - Date.now() : NaN;
}
