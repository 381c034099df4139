// `pnpm dispatch:stack:status`: what of the stack runs, and whether it does its work.

import { readSettings } from "../../process/settings.ts";
import { runCommand } from "../../process/command-line.ts";
import { compose } from "./compose.ts";
import { stackStatus, statusTable } from "./status.ts";

export const stackStatusCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:stack:status",
      about:
        "Shows each process of the stack: whether it is there, since when, how often it was started " +
        "again, and whether it answers. Exit code 0 only when all are well.",
      options: { json: { type: "boolean" }, compose: { type: "boolean" } },
      meanings: { json: "for programs", compose: "of the stack in containers" },
    },
    async ({ json = false, compose: inContainers = false }) => {
      const settings = readSettings();
      if (inContainers) return compose(settings, json ? ["ps", "--format", "json"] : ["ps"]);
      const status = await stackStatus(settings);
      console.log(json ? JSON.stringify(status, null, 2) : statusTable(status, settings.dataDir));
      return status.state === "up" ? 0 : 1;
    },
  );
