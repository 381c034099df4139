// The gateway signs tokens that the API does not take: its clock is ten minutes behind, or it kept a secret that was rotated.
// The plugin's own code speaks here, as it does in a gateway: who sits in the chat reads what it answers.

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { chatName, type ToolName } from "../../dispatch/contract/index.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { jwtSecretFile } from "../../dispatch/ops/stack/secret-file.ts";
import { readConfiguration } from "../../plugin/src/configuration.ts";
import { openDesk } from "../../plugin/src/desk.ts";
import { nobody } from "../../plugin/src/identity.ts";
import { runTool } from "../../plugin/src/run-tool.ts";
import { textOf } from "../../plugin/src/tool-result.ts";
import { toolsByChatName } from "../../plugin/src/tool-catalog.ts";
import { ageSignals } from "./age-signals.ts";
import { workStopsMs, type Drill } from "./drill.ts";
import type { Ground } from "./ground.ts";

const behindMs = 600_000;
const calls = 3;

export const gatewayTokenExpired: Drill = {
  name: "gateway-token-expired",
  about: "the gateway's tokens have expired when they come, or are signed with a secret of yesterday",
  told: { by: /alert AUTH_POLICY_FAILURE_SPIKE/, withinMs: workStopsMs },
  reads: {
    must: [/^chat: .*(token|sign|expired)/m, /AUTH_POLICY_FAILURE_SPIKE/],
    mustNot: [/^chat: (DONE|READ)/m, /postgres: (?!ok)/, /alerts: none fires/],
  },
  runbook: "ops/runbooks/auth_policy_failure.md",
  seconds: 20,
  async provoke(ground) {
    const secret = (await readFile(jwtSecretFile(ground.dataDir), "utf8")).trim();
    const late = () => Date.now() - behindMs;
    const said: string[] = [];
    for (let n = 0; n < calls; n++) {
      const expired = await asks(ground, secret, late);
      const unknown = await asks(ground, `yesterday's ${secret}`, Date.now);
      if (n === 0) said.push(expired, unknown);
    }
    return { said: said.map((text) => `chat: ${text.split("\n").slice(0, 2).join(" ")}`) };
  },
  mend: { by: "cause", fix: ({ sql }) => ageSignals(sql) },
};

/** What the owner of a gateway reads who asks for the queue. */
async function asks({ url }: Ground, secret: string, now: () => number): Promise<string> {
  const name: ToolName = "dispatcher.cockpit";
  const { configuration, problems } = readConfiguration({
    apiUrl: url,
    signing: { secret },
    owner: { actor: "drill-chat", roles: ["dispatcher"], accounts: ["*"], sites: ["*"] },
  });
  const tool = toolsByChatName.get(chatName(name));
  if (!configuration || tool === undefined)
    throw new CommandFailure(`The plugin is not configured: ${problems.join("; ")}`);
  const result = await runTool(openDesk(configuration, now), tool, {
    toolCallId: randomUUID(),
    args: {},
    requester: { ...nobody, owner: true },
    sessionKey: "drill",
    sessionId: null,
  });
  return textOf(result);
}
