// `pnpm dispatch:stack:status`: what of the stack runs, and whether it does its work.

import { configurationFrom, readSettings } from "../../process/settings.ts";
import { runCommand } from "../../process/command-line.ts";
import { deskAddresses, shellVariables } from "./addresses.ts";
import { compose } from "./compose.ts";
import { stackStatus } from "./status.ts";
import { statusTable } from "./status-table.ts";

export const stackStatusCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:stack:status",
      configuration: () => configurationFrom(),
      about:
        "Shows each process of the stack: whether it is there, since when, how often it was started " +
        "again, and whether it answers. Exit code 0 only when all are well.",
      options: { json: { type: "boolean" }, export: { type: "boolean" }, compose: { type: "boolean" } },
      meanings: {
        json: "for programs",
        export:
          "ask nobody, and print API, GATEWAY and DATA as a shell sets them, from the stack's own file, which says where it listens " +
          "whatever this shell's settings say (dispatch:alerts takes those first, since it may ask an API of no stack), else from " +
          'the settings: eval "$(pnpm -s dispatch:stack:status --export)"',
        compose: "of the stack in containers",
      },
    },
    async ({ json = false, export: forShell = false, compose: inContainers = false }) => {
      const settings = readSettings();
      if (forShell) {
        const addresses = deskAddresses(settings);
        if (addresses.from === "settings") console.error(noStack(settings.dataDir));
        console.log(shellVariables(addresses, settings.dataDir));
        return 0;
      }
      if (inContainers) return compose(settings, json ? ["ps", "--format", "json"] : ["ps"]);
      const status = await stackStatus(settings);
      console.log(
        json ? JSON.stringify(status, null, 2) : statusTable(status, settings.dataDir, settings.stackHangSeconds),
      );
      return status.state === "up" ? 0 : 1;
    },
  );

const noStack = (dataDir: string): string =>
  `No stack runs from ${dataDir}: API and GATEWAY are as the settings here say. Where it runs from another folder, set DISPATCH_DATA_DIR.`;
