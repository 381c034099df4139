// `pnpm dispatch:gateway:start`: the OpenClaw gateway alone, before an API that runs somewhere else; what a container of
// its own runs.

import { configurationFrom, readSettings } from "../../process/settings.ts";
import { abortOnSignal } from "../../process/abort-on-signal.ts";
import { CommandFailure, runCommand } from "../../process/command-line.ts";
import { addressIn, readConfiguration, stateFolderOf } from "./state-folder.ts";
import { gatewayPlan } from "../stack/gateway-plan.ts";

const leastSecretLength = 32;

export const gatewayStartCommand = (standInModel: string | null): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:gateway:start",
      configuration: () => configurationFrom(),
      about:
        "Runs an OpenClaw gateway with Dispatch's plugin, on DISPATCH_GATEWAY_PORT, until SIGTERM or " +
        "Ctrl-C. It signs with DISPATCH_AUTH_JWT_SECRET, which must be the API's. With NODE_ENV=production it speaks for nobody " +
        "until people are configured, and no scripted stand-in answers its chat.",
      options: { "api-url": { type: "string" }, bind: { type: "string" } },
      meanings: {
        "api-url": "address of the API; otherwise DISPATCH_API_HOST and DISPATCH_API_PORT",
        bind: "loopback, or lan for a container, whose port its host publishes; loopback",
      },
    },
    async ({ "api-url": apiUrl, bind = "loopback" }) => {
      const settings = readSettings();
      const { jwtSecret: secret, gatewayPort: port } = settings;
      if (bind !== "loopback" && bind !== "lan")
        throw new CommandFailure(`--bind must be loopback or lan, not ${bind}`);
      if (port === 0)
        throw new CommandFailure("DISPATCH_GATEWAY_PORT must name a port here; 0 is for pnpm dispatch:stack:up.");
      if (secret === null || secret.length < leastSecretLength)
        throw new CommandFailure(
          `DISPATCH_AUTH_JWT_SECRET must be set, to the API's secret of at least ${leastSecretLength} characters.`,
        );
      const stopping = abortOnSignal(undefined, new CommandFailure("Stopped before the gateway was ready."));
      const gateway = gatewayPlan({
        settings,
        port,
        apiUrl: apiUrl ?? `http://${settings.apiHost}:${settings.apiPort}`,
        secret: async () => secret,
        environment: process.env,
        say: (line) => console.log(line),
        bind,
        standInModel,
      });
      const { ended, stop } = await gateway.start(stopping, async () => undefined);
      const { token } = addressIn(await readConfiguration(stateFolderOf(settings.dataDir)));
      console.log(
        `The OpenClaw gateway answers at ${gateway.url}; its log is ${gateway.log}.\n` +
          `  ${gateway.url}/#token=${token ?? ""}\n` +
          "        the dashboard. Keep this address to yourself, it logs in as the owner",
      );
      stopping.addEventListener("abort", () => void stop(), { once: true });
      if (stopping.aborted) await stop();
      const how = await ended;
      if (stopping.aborted) return 0;
      throw new CommandFailure(`The OpenClaw gateway ended with ${how}; ${gateway.log} says why.`);
    },
  );
