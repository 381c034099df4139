// The OpenClaw gateway with Dispatch's plugin as a process of the stack. Without a real model's key a stand-in
// answers its chat where one is given; that one lives in the supervisor, beside the gateway. In production there is neither a
// stand-in nor the demo's owner, and none where a company has rules of its own: it speaks for nobody until people are configured.

import type { Settings } from "../../process/settings.ts";
import { deskOwner } from "../gateway/desk-owner.ts";
import { builtPlugin } from "../gateway/built-plugin.ts";
import type { Signing } from "../gateway/configuration.ts";
import type { GrantedPerson } from "../gateway/granted-person.ts";
import { startGateway } from "../gateway/gateway.ts";
import { hasModelKey } from "../gateway/model-choice.ts";
import { httpAnswers } from "./health.ts";
import { stateFolderOf } from "../gateway/state-folder.ts";
import { messageOf } from "../../process/command-line.ts";
import { startStandIn } from "../gateway/stand-in-model.ts";
import type { ServicePlan } from "./supervised-service.ts";
import { describeExit } from "./wait-ready.ts";

export type GatewayPlanOptions = {
  readonly settings: Settings;
  readonly port: number;
  readonly apiUrl: string;
  /** The secret API and plugin share; asked at each start. */
  readonly secret: () => Promise<string>;
  readonly environment: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  readonly bind?: "loopback" | "lan";
  /** The module of a stand-in for a model; null for none. */
  readonly standInModel: string | null;
};

/** Who speaks from the dashboard of a gateway that was never set up. */
export const ownerFor = ({ production, policyDir }: Settings): GrantedPerson | null =>
  production || policyDir !== null ? null : deskOwner;

/** The module of the stand-in that is to answer the chat; null for none. */
export const standInFor = ({
  settings,
  environment,
  standInModel,
}: Pick<GatewayPlanOptions, "settings" | "environment" | "standInModel">): string | null =>
  settings.production || hasModelKey(environment) ? null : standInModel;

const speaksForNobody = (file: string): string =>
  `The gateway speaks for nobody yet: name an owner or people under plugins.entries.dispatch.config in ${file}, each with an ` +
  "actor, roles, accounts and sites (plugin/README.md), and start it again.";

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
  return {
    name: "gateway",
    url: `http://127.0.0.1:${port}`,
    log: stateFolderOf(dataDir).output,
    start: async (signal) => {
      const pluginPath = await builtPlugin();
      const signing: Signing = {
        secret: await secret(),
        ...(jwtIssuer !== null && { issuer: jwtIssuer }),
        ...(jwtAudience !== null && { audience: jwtAudience }),
      };
      const module = standInFor({ settings, environment, standInModel });
      const standIn = module === null ? null : await startStandIn(module);
      try {
        const gateway = await startGateway({
          dataDir,
          apiUrl,
          signing,
          owner: ownerFor(settings),
          pluginPath,
          fixedPort: port,
          bind,
          environment,
          say,
          signal,
          ...(standIn && { scriptedModelUrl: standIn.url }),
        });
        say(gateway.model.sentence);
        if (!gateway.speaksForAnybody) say(speaksForNobody(gateway.folder.configuration));
        void gateway.ended.then(() => standIn?.close()).catch((error: unknown) => say(messageOf(error)));
        return {
          pid: gateway.pid,
          ended: gateway.ended.then(describeExit),
          stop: () => gateway.stop(),
          liveness: { answers: (ms) => httpAnswers(`${gateway.url}/readyz`, ms) },
        };
      } catch (error) {
        await standIn?.close();
        throw error;
      }
    },
  };
}
