// The plugin as OpenClaw loads it: tools, approval cards, the live brief and the slash command, all over dispatch-api.
// The host evaluates this file twice in one process, so nothing is kept here but what can be made again.

import {
  definePluginEntry,
  type OpenClawPluginApi,
  type OpenClawPluginToolContext,
} from "openclaw/plugin-sdk/plugin-entry";
import { toolPluginMetadataSymbol, type ToolPluginMetadata } from "openclaw/plugin-sdk/tool-plugin";
import { contractHash } from "../../dispatch/contract/hash.ts";
import manifest from "../package.json" with { type: "json" };
import { cardForCall } from "./approval-hook.ts";
import { configurationSchema, readConfiguration } from "./configuration.ts";
import { contractStatus, statusToolDescription } from "./contract-status.ts";
import { controlRooms, controlRoomTools, isHeldIn, mayHold, refusedOfHost } from "./control-rooms.ts";
import { obeyWord, receive, takeWord } from "./control-words.ts";
import { openDesk } from "./desk.ts";
import { nobody, type Requester } from "./identity.ts";
import { recordCall, speakOwn, turnStore } from "./claims/turn-store.ts";
import { controlBrief, openLiveBrief } from "./live-brief.ts";
import { prove, provenRequesters, takeProof } from "./proven-requesters.ts";
import { runTool } from "./run-tool.ts";
import { claimTeller, holdToReceipts } from "./said-hooks.ts";
import { answerSlash } from "./slash-command.ts";
import { hostSearchTools, statusToolName, tools } from "./tool-catalog.ts";
import { failed, type ToolResult, textOf } from "./tool-result.ts";

const id = "dispatch";
const name = "Dispatch";
const description = "The field-service desk as a closed set of tools: tickets from call to invoice, with receipts.";

const plainSchema = (schema: object): Record<string, unknown> => JSON.parse(JSON.stringify(schema));

const metadata: ToolPluginMetadata = {
  id,
  name,
  description,
  activation: { onStartup: true },
  configSchema: plainSchema(configurationSchema),
  tools: [
    ...tools.map((tool) => ({
      name: tool.chatName,
      label: tool.label,
      description: tool.description,
      parameters: { ...tool.parameters },
      optional: tool.optional,
    })),
    {
      name: statusToolName,
      label: "Dispatch status",
      description: statusToolDescription,
      parameters: { type: "object", properties: {}, additionalProperties: false },
    },
  ],
};

function register(api: OpenClawPluginApi): void {
  const reading = readConfiguration(api.pluginConfig);
  const desk = reading.configuration && openDesk(reading.configuration);
  const status = (requester: Requester, sessionKey: string | null = null) =>
    contractStatus(
      { plugin: id, version: manifest.version, contractHash: contractHash(), reading, desk },
      requester,
      sessionKey,
    );
  const notConfigured = (tool: string): ToolResult =>
    failed(
      tool,
      `The Dispatch plugin is not configured: ${reading.problems.join("; ")}.`,
      "The gateway's owner sets plugins.entries.dispatch.config.",
    );
  for (const problem of reading.problems) api.logger.warn(`dispatch: not configured: ${problem}`);

  for (const tool of tools) {
    api.registerTool(
      (context) => ({
        name: tool.chatName,
        label: tool.label,
        description: tool.description,
        parameters: { ...tool.parameters },
        execute: async (toolCallId: string, args: unknown, signal?: AbortSignal) =>
          desk
            ? recorded(tool.name, args, context.sessionKey ?? null, () =>
                runTool(desk, tool, {
                  toolCallId,
                  args,
                  signal,
                  requester: requesterOf(context),
                  sessionKey: context.sessionKey ?? null,
                  sessionId: context.sessionId ?? null,
                }),
              )
            : notConfigured(tool.name),
      }),
      { name: tool.chatName, optional: tool.optional },
    );
  }
  api.registerTool(
    (context) => {
      prove(provenRequesters(), context.sessionId, requesterOf(context));
      return {
        name: statusToolName,
        label: "Dispatch status",
        description: statusToolDescription,
        parameters: { type: "object", properties: {}, additionalProperties: false },
        execute: () => status(requesterOf(context), context.sessionKey ?? null),
      };
    },
    { name: statusToolName },
  );
  if (!desk) return;

  api.on("before_tool_call", async (event, context) => {
    const { requester, sessionKey } = context;
    const refusal = await refusedOfHost(desk, event.toolName, sessionKey);
    if (refusal !== null) return { block: true, blockReason: refusal };
    const card = await cardForCall(desk, {
      toolName: event.toolName,
      args: event.params,
      toolCallId: event.toolCallId ?? context.toolCallId,
      sessionKey: sessionKey ?? null,
      sessionId: context.sessionId ?? null,
      requester: requester
        ? {
            channel: requester.channel ?? null,
            accountId: requester.accountId ?? null,
            senderId: requester.senderId ?? null,
            owner: requester.senderIsOwner === true,
            agentId: context.agentId ?? null,
          }
        : null,
    });
    return card ? { requireApproval: card } : undefined;
  });

  // Who writes what is told in full here and nowhere else; what is answered without a model, and what a turn begins with, comes after it.
  api.on("message_received", (event, context) =>
    receive(event.sessionKey ?? context.sessionKey, event.senderId ?? null, event.content),
  );
  api.on(
    "before_agent_reply",
    async (event, context) => {
      const { agentId, sessionKey, senderId } = context;
      // Of who speaks without a sender's id it shows only when their turn's tools are made whether they are the owner.
      if (agentId !== desk.configuration.agentId || sessionKey === undefined || senderId === undefined)
        return undefined;
      const word = takeWord(sessionKey, senderId, event.cleanedBody);
      if (!word) return undefined;
      const { channel = null, accountId = null } = context;
      const person = desk.personBehind({ channel, accountId, senderId, owner: false, agentId });
      const { text, isOpen } = await obeyWord(desk, person, sessionKey, word);
      return isOpen && word.kind === "open" && word.more !== ""
        ? undefined
        : { handled: true, reply: { text: speakOwn(turnStore(), text) } };
    },
    { eligibleTriggers: ["user"] },
  );

  holdToReceipts(api, {
    agentId: desk.configuration.agentId,
    onChecked: claimTeller(desk, (sentence) => api.logger.warn(sentence)),
    now: () => desk.now(),
  });

  const brief = openLiveBrief(desk);
  api.on("before_prompt_build", async (event, context) => {
    if (context.agentId !== desk.configuration.agentId) return undefined;
    const { sessionKey = null } = context;
    const requester = takeProof(provenRequesters(), context.sessionId, {
      channel: context.channel ?? null,
      senderId: context.senderId ?? null,
    });
    const person = requester && desk.personBehind(requester);
    const word = requester?.senderId === null ? takeWord(context.sessionKey, null, event.prompt) : null;
    const said = word && sessionKey !== null ? wordBrief((await obeyWord(desk, person, sessionKey, word)).text) : null;
    const heard = sessionKey === null ? null : await controlRooms(desk, person);
    if (sessionKey === null || heard?.kind !== "heard" || !isHeldIn(heard, sessionKey)) {
      const text = requester && (await brief(requester));
      return said === null && text === null ? undefined : { prependContext: inOrder(said, text) };
    }
    const text = person && mayHold(person) ? await controlBrief(desk, person) : null;
    return {
      toolsAllow: [...controlRoomTools, ...hostSearchTools],
      ...((said !== null || text !== null) && { prependContext: inOrder(said, text) }),
    };
  });

  api.registerCommand({
    name: "dispatch",
    description:
      "The desk without a model: status, queue, ticket <id>, pause <scope> <reason>, resume <scope>, rooms, board, <room> <command>",
    acceptsArgs: true,
    requireAuth: true,
    handler: async (context) => {
      // The host does not tell who the owner is here, only what a client of the gateway may do; chat channels have no scopes.
      const owner = context.gatewayClientScopes?.includes("operator.admin") === true;
      const requester: Requester = {
        channel: context.channel,
        accountId: context.accountId ?? null,
        senderId: owner ? null : (context.senderId ?? null),
        owner,
        agentId: null,
      };
      const text = await answerSlash(desk, requester, context.args ?? "", async () => textOf(await status(requester)));
      return { text: speakOwn(turnStore(), text) };
    },
  });
}

/** Runs a tool, and keeps its answer for what is said of it. */
async function recorded(
  tool: string,
  args: unknown,
  sessionKey: string | null,
  run: () => Promise<ToolResult>,
): Promise<ToolResult> {
  const result = await run();
  recordCall(turnStore(), sessionKey, { tool, args, result }, Date.now());
  return result;
}

const inOrder = (...texts: readonly (string | null)[]): string => texts.filter((text) => text !== null).join("\n\n");
const wordBrief = (text: string): string =>
  `The person's word to Dispatch was obeyed or refused already. Tell them so: ${text}`;

function requesterOf(context: OpenClawPluginToolContext): Requester {
  return {
    ...nobody,
    channel: context.messageChannel ?? null,
    accountId: context.agentAccountId ?? null,
    senderId: context.requesterSenderId ?? null,
    owner: context.senderIsOwner === true,
    agentId: context.agentId ?? null,
  };
}

const entry = definePluginEntry({ id, name, description, register });
// The host looks for a default export.
// oxlint-disable-next-line import/no-default-export
export default Object.assign(entry, { [toolPluginMetadataSymbol]: metadata });
