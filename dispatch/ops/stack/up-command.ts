// `pnpm dispatch:stack:up`: starts the whole of Dispatch on this machine and returns when it is ready.

import { runCommand, wholeNumber } from "../../process/command-line.ts";
import { composeUp } from "./compose.ts";
import {
  checkWorkers,
  stackConfiguration,
  stackSettings,
  upDetached,
  upInForeground,
  upMeanings,
  upOptions,
} from "./up.ts";

export const stackUpCommand = (standInModel: string | null): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:stack:up",
      configuration: ({ dev = false }) => stackConfiguration(dev),
      about:
        "Starts Postgres, dispatch-api, workers and an OpenClaw gateway with Dispatch's plugin on this " +
        "machine, each watched and started again when it ends. Returns when all are ready; they go on " +
        "without the terminal.",
      options: { ...upOptions, foreground: { type: "boolean" }, compose: { type: "boolean" } },
      meanings: {
        ...upMeanings,
        foreground: "stay in this terminal, or under a process manager; Ctrl-C or SIGTERM stops everything",
        compose: "the same in containers, from docker-compose.yml; needs Docker and takes no other option",
      },
    },
    async ({ workers, "no-gateway": noGateway = false, foreground = false, compose = false, dev = false }) => {
      const say = (line: string): void => console.log(line);
      const settings = stackSettings(dev, say);
      if (compose) return composeUp(settings, say);
      const options = {
        settings,
        workers: checkWorkers(wholeNumber("workers", workers, 1)),
        withGateway: !noGateway,
        standInModel,
        say,
      };
      if (!foreground) return (await upDetached(options)).isWhole ? 0 : 1;
      await upInForeground(options);
      return 0;
    },
  );
