// The OpenClaw gateway with Dispatch's plugin as a process of the stack. Without a real model's key the scripted
// stand-in answers its chat; that one lives in the supervisor, beside the gateway.

import type { Settings } from "../../dispatch/kernel/settings.ts";
import { deskOwner } from "../demo/desk-owner.ts";
import { builtPlugin } from "../gateway/built-plugin.ts";
import type { Signing } from "../gateway/configuration.ts";
import { startGateway } from "../gateway/gateway.ts";
import { hasModelKey } from "../gateway/model-choice.ts";
import { stateFolderOf } from "../gateway/state-folder.ts";
import { startScriptedModel, type ScriptedModel } from "../scripted-model/server.ts";
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
};

export function gatewayPlan({ settings, port, apiUrl, secret, environment, say }: GatewayPlanOptions): ServicePlan {
  const { dataDir, jwtIssuer, jwtAudience } = settings;
  const signing: Signing = { secret, ...(jwtIssuer !== null && { issuer: jwtIssuer }), ...(jwtAudience !== null && { audience: jwtAudience }) };
  return {
    name: "gateway",
    url: `http://127.0.0.1:${port}`,
    log: stateFolderOf(dataDir).output,
    start: async (signal) => {
      const pluginPath = await builtPlugin();
      const scripted: ScriptedModel | null = hasModelKey(environment) ? null : await startScriptedModel();
      try {
        const gateway = await startGateway({
          dataDir,
          apiUrl,
          signing,
          owner: deskOwner,
          pluginPath,
          fixedPort: port,
          environment,
          say,
          signal,
          ...(scripted && { scriptedModelUrl: scripted.url }),
        });
        say(gateway.model.sentence);
        void gateway.ended.then(() => scripted?.close());
        return { pid: gateway.pid, ended: gateway.ended.then(describeExit), stop: () => gateway.stop() };
      } catch (error) {
        await scripted?.close();
        throw error;
      }
    },
  };
}
