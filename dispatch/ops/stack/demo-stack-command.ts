// `pnpm dispatch:demo:stack`: the stack with the demo's account, site, contact and technicians in it, and no story.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { CommandFailure, runCommand, wholeNumber } from "../../process/command-line.ts";
import { refuseOwnDesk } from "../bootstrap/demo-rows.ts";
import { compose, composeUp } from "./compose.ts";
import { checkWorkers, stackConfiguration, stackSettings, upDetached, upMeanings, upOptions } from "./up.ts";

export const demoStackCommand = (standInModel: string | null): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:demo:stack",
      configuration: ({ dev = false }) => stackConfiguration(dev),
      about:
        "Starts the stack as pnpm dispatch:stack:up does and makes the demo's account, site, contact and technicians in it.",
      options: { ...upOptions, compose: { type: "boolean" } },
      meanings: { ...upMeanings, compose: "in containers; needs Docker and takes no other option" },
    },
    async ({ workers, "no-gateway": noGateway = false, compose: inContainers = false, dev = false }) => {
      const say = (line: string): void => console.log(line);
      const settings = stackSettings(dev, say);
      if (settings.production)
        throw new CommandFailure(
          "The demo's data are not for NODE_ENV=production; pnpm dispatch:stack:up starts the stack without them.",
        );
      refuseOwnDesk(settings);
      if (inContainers) {
        const up = await composeUp(settings, say);
        return up === 0
          ? compose(settings, ["run", "--rm", "prepare", "node", "scripts/bootstrap.ts", "--url", "http://proxy:8080"])
          : up;
      }
      const { url, isWhole } = await upDetached({
        settings,
        workers: checkWorkers(wholeNumber("workers", workers, 1)),
        withGateway: !noGateway,
        standInModel,
        say,
      });
      const bootstrap = spawn(
        process.execPath,
        [join(import.meta.dirname, "../../../scripts/bootstrap.ts"), "--url", url],
        { stdio: "inherit" },
      );
      const [code] = await once(bootstrap, "exit");
      return code === 0 && isWhole ? 0 : 1;
    },
  );
