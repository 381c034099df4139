// `pnpm dispatch:stack:down`: ends the stack, and what a killed supervisor left of it.

import { configurationFrom, readSettings } from "../../process/settings.ts";
import { runCommand } from "../../process/command-line.ts";
import { compose } from "./compose.ts";
import { stopStack } from "./stop-stack.ts";

export const stackDownCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:stack:down",
      configuration: () => configurationFrom(),
      about:
        "Ends the stack in order: gateway, workers, API, Postgres; requests in progress are finished. Also " +
        "works after the supervisor was killed. The data stays.",
      options: { compose: { type: "boolean" } },
      meanings: { compose: "of the stack in containers; its volumes stay" },
    },
    async ({ compose: inContainers = false }) => {
      const settings = readSettings();
      if (inContainers) return compose(settings, ["down"]);
      const begun = performance.now();
      const ran = await stopStack(settings, (line) => console.log(line));
      console.log(
        ran
          ? `The stack is down after ${((performance.now() - begun) / 1000).toFixed(1)} s; the data stays in ${settings.dataDir}.`
          : "No stack runs.",
      );
      return 0;
    },
  );
