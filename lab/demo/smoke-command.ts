// `pnpm dispatch:demo:smoke`: the demo's story against an API that already runs.

import { readSettings } from "../../dispatch/process/settings.ts";
import { runCommand } from "../../dispatch/process/command-line.ts";
import { castOverHttp } from "./cast.ts";
import { tellStory } from "./story.ts";

export const demoSmokeCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:demo:smoke",
      about:
        "Takes one ticket from call to invoice at a running API that was bootstrapped. With " +
        "DISPATCH_AUTH_JWT_SECRET set it signs tokens, otherwise it sends development headers.",
      options: { url: { type: "string" }, quiet: { type: "boolean" } },
      meanings: {
        url: "address of the API; otherwise DISPATCH_API_HOST and DISPATCH_API_PORT",
        quiet: "print the closing summary alone",
      },
    },
    async ({ url, quiet = false }) => {
      const settings = readSettings();
      const summary = await tellStory({
        cast: castOverHttp(
          url ?? `http://${settings.apiHost}:${settings.apiPort}`,
          settings.jwtSecret === null ? { kind: "headers" } : { kind: "token", secret: settings.jwtSecret },
        ),
        accountId: settings.demoAccountId,
        siteId: settings.demoSiteId,
        say: quiet ? () => undefined : (line) => console.log(line),
      });
      console.log(JSON.stringify(summary));
      return 0;
    },
  );
