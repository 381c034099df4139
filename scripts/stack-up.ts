// `pnpm dispatch:stack:up`: starts the whole of Dispatch on this machine and returns when it is ready.

import { readSettings } from "../dispatch/process/settings.ts";
import { runCommand, wholeNumber } from "../dispatch/process/command-line.ts";
import { composeUp } from "../dispatch/ops/stack/compose.ts";
import { checkWorkers, upDetached, upInForeground, upMeanings, upOptions } from "../dispatch/ops/stack/up.ts";
import { standInModel } from "./stand-in-model.ts";

await runCommand(
  {
    name: "pnpm dispatch:stack:up",
    about:
      "Starts Postgres, dispatch-api, workers and an OpenClaw gateway with Dispatch's plugin on this machine, each watched and started again when it ends. Returns when all are ready; they go on without the terminal.",
    options: { ...upOptions, foreground: { type: "boolean" }, compose: { type: "boolean" } },
    meanings: {
      ...upMeanings,
      foreground: "stay in this terminal, or under a process manager; Ctrl-C or SIGTERM stops everything",
      compose: "the same in containers, from docker-compose.yml; needs Docker and takes no other option",
    },
  },
  async ({ workers, "no-gateway": noGateway = false, foreground = false, compose = false }) => {
    const settings = readSettings();
    const say = (line: string): void => console.log(line);
    if (compose) return composeUp(settings, say);
    const options = {
      settings,
      workers: checkWorkers(wholeNumber("workers", workers, 1)),
      withGateway: !noGateway,
      standInModel: standInModel(),
      say,
    };
    await (foreground ? upInForeground(options) : upDetached(options));
    return 0;
  },
);
