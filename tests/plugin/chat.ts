// A chat with the plugin's real tool code: who speaks is given as the host proves it, the rest is what a model sends.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { chatName, type ToolName } from "../../dispatch/contract/index.ts";
import { roles, type Role } from "../../dispatch/contract/roles.ts";
import { cardForCall, type Card } from "../../plugin/src/approval-hook.ts";
import { readConfiguration, type Configuration } from "../../plugin/src/configuration.ts";
import { openDesk, type Desk } from "../../plugin/src/desk.ts";
import { nobody, type Requester } from "../../plugin/src/identity.ts";
import { answerRequest, requestIdFrom } from "../../plugin/src/approval-requests.ts";
import { textAt, type JsonObject } from "../../plugin/src/json.ts";
import { runTool } from "../../plugin/src/run-tool.ts";
import { textOf } from "../../plugin/src/tool-result.ts";
import { toolsByChatName, type Tool } from "../../plugin/src/tool-catalog.ts";
import { systemClock, type Clock } from "../../dispatch/kernel/clock.ts";
import { ana } from "../support/directory.ts";
import { tokenSecret } from "../support/token.ts";

const someOwner = { actor: "olga", roles: ["dispatcher"], techId: null, accounts: ["*"], sites: ["*"] } as const;

/** What an API needs to believe the plugin. */
export const believing = { DISPATCH_AUTH_JWT_SECRET: tokenSecret };

export const theOwner: Requester = { ...nobody, owner: true };
export const sender = (senderId: string, channel = "telegram", accountId: string | null = null): Requester => ({
  ...nobody,
  channel,
  accountId,
  senderId,
});

export type Grants = {
  readonly actor: string;
  readonly roles: readonly Role[];
  readonly accounts?: readonly string[];
  readonly sites?: readonly string[];
  readonly techId?: string;
};

/** Dana may do everything everywhere, and is Ana's hands. */
export const dana: Grants = { actor: "dana", roles, accounts: ["*"], sites: ["*"], techId: ana };

export type Said = {
  readonly text: string;
  readonly first: string;
  readonly outcome: string;
  /** The API's answer, where there was one. */
  readonly body: JsonObject;
  readonly details: JsonObject;
  readonly pictures: readonly { readonly data: string; readonly mimeType: string }[];
};

export type Saying = {
  readonly from?: Requester;
  /** The id the model gave its call; by default every call is a new one. */
  readonly callId?: string;
  readonly session?: string;
  readonly signal?: AbortSignal;
  /** What the person says to the card, when one comes; without it no host asks anybody. */
  readonly card?: "allow-once" | "deny";
};

export type Chat = {
  readonly desk: Desk;
  /** One tool call, and what the model reads. */
  say(tool: ToolName, args?: unknown, saying?: Saying): Promise<Said>;
  /** The card that would come for a call. */
  card(
    tool: ToolName,
    args: JsonObject,
    from?: Requester | null,
    callId?: string,
    session?: string | null,
  ): Promise<Card | null>;
};

export type ChatOptions = {
  readonly owner?: Grants | null;
  readonly people?: readonly (Grants & {
    readonly channel: string;
    readonly senderId: string;
    readonly accountId?: string;
  })[];
  readonly timeoutMs?: number;
  readonly secret?: string;
  /** The clock of the gateway's machine; the API's, where a person's word is to count there. */
  readonly clock?: Clock;
  /** Where nothing else is said; in no conversation nobody asks whether it is a control room, so that each call is one request. */
  readonly session?: string | null;
};

/** The configuration a written one reads as. */
export function configured(written: unknown): Configuration {
  const { configuration, problems } = readConfiguration(written);
  assert.ok(configuration, problems.join("; "));
  return configuration;
}

export function openChat(
  apiUrl: string,
  {
    owner = dana,
    people = [],
    timeoutMs = 60_000,
    secret = tokenSecret,
    clock = systemClock,
    session: usual = "main",
  }: ChatOptions = {},
): Chat {
  const configuration = configured({ apiUrl, signing: { secret }, ...(owner && { owner }), people, timeoutMs });
  const desk = openDesk(configuration, () => clock.now().getTime());
  const card: Chat["card"] = (tool, args, from = theOwner, callId, session = usual) =>
    cardForCall(desk, {
      toolName: chatName(tool),
      args,
      toolCallId: callId,
      requester: from,
      sessionKey: session,
      sessionId: null,
    });
  return {
    desk,
    card,
    say: async (
      tool,
      args = {},
      { from = theOwner, callId = randomUUID(), session = usual, signal, card: decision } = {},
    ) => {
      const once = async () => {
        // A host passes arguments on as JSON and nothing else.
        if (decision) (await card(tool, asObject(args), from, callId, session))?.onResolution(decision);
        return runTool(desk, toolOf(tool), {
          toolCallId: callId,
          args,
          requester: from,
          sessionKey: session,
          sessionId: null,
          signal,
        });
      };
      const first = await once();
      // What only the API sees waits there until somebody types the answer; then the same call is told what it came to.
      const waits = requestIdFrom(textAt(asObject(first.details["refusal"]), "approval_request") ?? "");
      if (waits !== null && decision) {
        const outcome = decision === "deny" ? "denied" : "approved";
        const person = desk.configuration.owner ?? someOwner;
        const typing = { person, role: "dispatcher", viaChat: false } as const;
        await answerRequest(desk, typing, waits, { outcome, reason: "" });
      }
      const result = waits !== null && decision ? await once() : first;
      const { details } = result;
      const text = textOf(result);
      return {
        text,
        first: text.split("\n")[0] ?? "",
        outcome: String(details["outcome"]),
        body: asObject(details["body"]),
        details,
        pictures: result.content.filter((part) => part.type === "image"),
      };
    },
  };
}

export function toolOf(name: ToolName): Tool {
  return toolsByChatName.get(chatName(name)) ?? assert.fail(`no tool ${name}`);
}

const asObject = (value: unknown): JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};

const opening = "<<<data";
const closing = "data>>>";

/** The text without what stands between its fences; every fence must be whole, on lines of its own, and hold JSON. */
export function outsideFences(text: string): string {
  const outside: string[] = [];
  /** Lines since the fence that is open; null outside. */
  let inside: number | null = null;
  for (const line of text.split(/\r\n|[\n\r\u0085\u2028\u2029]/)) {
    const opens = line.startsWith(opening);
    const closes = line === closing;
    assert.ok(opens || closes || (!line.includes("<<<") && !line.includes(">>>")), `half a fence: ${line}`);
    if (opens) assert.ok(inside === null, `a fence within a fence:\n${text}`);
    if (closes) assert.ok(inside === 1, `not one line of JSON between two fences:\n${text}`);
    if (!opens && !closes && inside === null) outside.push(line);
    inside = opens ? 0 : closes || inside === null ? null : inside + 1;
  }
  assert.ok(inside === null, `an open fence:\n${text}`);
  return outside.join("\n");
}
