// The OpenClaw gateway with Dispatch's plugin as a process of the stack. Without a real model's key a stand-in
// answers its chat where one is given; that one lives in the supervisor, beside the gateway.

import type { Settings } from "../../process/settings.ts";
import { deskOwner } from "../gateway/desk-owner.ts";
import { builtPlugin } from "../gateway/built-plugin.ts";
import type { Signing } from "../gateway/configuration.ts";
import { startGateway } from "../gateway/gateway.ts";
import { hasModelKey } from "../gateway/model-choice.ts";
import { stateFolderOf } from "../gateway/state-folder.ts";
import { startStandIn } from "../gateway/stand-in-model.ts";
import type { ServicePlan } from "./supervised-service.ts";
import { describeExit } from "./wait-ready.ts";

export type GatewayPlanOptions = {
  readonly settings: Settings;
  readonly port: number;
  readonly apiUrl: string;
  /** The secret API and plugin share. */
  readonly secret: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  readonly bind?: "loopback" | "lan";
  /** The module of a stand-in for a model; null for none. */
  readonly standInModel: string | null;
};

export function gatewayPlan({
  settings,
  port,
  apiUrl,
  secret,
  environment,
  say,
  standInModel,
  bind = "loopback",
}: GatewayPlanOptions): ServicePlan {
  const { dataDir, jwtIssuer, jwtAudience } = settings;
  const signing: Signing = {
    secret,
    ...(jwtIssuer !== null && { issuer: jwtIssuer }),
    ...(jwtAudience !== null && { audience: jwtAudience }),
  };
  return {
    name: "gateway",
    url: `http://127.0.0.1:${port}`,
    log: stateFolderOf(dataDir).output,
    start: async (signal) => {
      const pluginPath = await builtPlugin();
      const standIn = hasModelKey(environment) || standInModel === null ? null : await startStandIn(standInModel);
      try {
        const gateway = await startGateway({
          dataDir,
          apiUrl,
          signing,
          owner: deskOwner,
          pluginPath,
          fixedPort: port,
          bind,
          environment,
          say,
          signal,
          ...(standIn && { scriptedModelUrl: standIn.url }),
        });
        say(gateway.model.sentence);
        void gateway.ended.then(() => standIn?.close());
        return { pid: gateway.pid, ended: gateway.ended.then(describeExit), stop: () => gateway.stop() };
      } catch (error) {
        await standIn?.close();
        throw error;
      }
    },
  };
}
