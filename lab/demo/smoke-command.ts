// `pnpm dispatch:demo:smoke`: the demo's story against an API that already runs.

import { configurationFrom, readSettings, type Settings } from "../../dispatch/process/settings.ts";
import { runCommand } from "../../dispatch/process/command-line.ts";
import { stackFolderOf } from "../../dispatch/ops/stack/folder.ts";
import { readStackRecord } from "../../dispatch/ops/stack/state.ts";
import { deskSecret } from "../../dispatch/ops/token/desk-secret.ts";
import { castOverHttp } from "./cast.ts";
import { tellStory } from "./story.ts";

export const demoSmokeCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:demo:smoke",
      configuration: () => configurationFrom(),
      about:
        "Takes one ticket from call to invoice at a running API that was bootstrapped. It signs tokens with " +
        "DISPATCH_AUTH_JWT_SECRET or with the secret of the stack that runs; without either it sends development headers.",
      options: { url: { type: "string" }, quiet: { type: "boolean" } },
      meanings: {
        url: "address of the API; otherwise DISPATCH_API_HOST and DISPATCH_API_PORT",
        quiet: "print the closing summary alone",
      },
    },
    async ({ url, quiet = false }) => {
      const settings = readSettings();
      const key = await secretIn(settings);
      const summary = await tellStory({
        cast: castOverHttp(
          url ?? `http://${settings.apiHost}:${settings.apiPort}`,
          key === null ? { kind: "headers" } : { kind: "token", secret: key },
        ),
        accountId: settings.demoAccountId,
        siteId: settings.demoSiteId,
        say: quiet ? () => undefined : (line) => console.log(line),
      });
      console.log(JSON.stringify(summary));
      return 0;
    },
  );

/** A data folder may keep the secret of a stack that is long down, beside an API that has none. */
async function secretIn(settings: Settings): Promise<string | null> {
  if (settings.jwtSecret !== null) return settings.jwtSecret;
  const runs = readStackRecord(stackFolderOf(settings.dataDir)) !== null;
  return runs ? ((await deskSecret(settings))?.secret ?? null) : null;
}
