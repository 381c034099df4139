// Said is done, at the host: what the desk's agent says is held to its receipts before it is kept and before it is sent. Where what
// passes through the host is told in ops/trust.md; what is checked, in claims/check-claims.ts.

import type { OpenClawPluginApi } from "openclaw/plugin-sdk/plugin-entry";
import type { Checked, Finding } from "./claims/check-claims.ts";
import {
  beginTurn,
  checkSaid,
  deliveredFor,
  markedIn,
  recordOtherTool,
  turnStore,
  type TurnStore,
} from "./claims/turn-store.ts";
import type { Desk } from "./desk.ts";
import { hostSearchTools, statusToolName, toolsByChatName } from "./tool-catalog.ts";

export type SaidParts = {
  readonly agentId: string;
  readonly store?: TurnStore;
  /** Told of every reply that claimed something, with what was not shown of it. */
  readonly onChecked: (claims: number, findings: readonly Finding[]) => void;
  readonly now: () => number;
};

/** Stands behind a reply that could not be checked, for whatever reason: nobody is to take it for one that was. */
export const notChecked = "[not checked: this reply could not be held to the desk's receipts]";

const harmless: ReadonlySet<string> = new Set([...hostSearchTools, statusToolName, "session_status"]);

/** A push of the desk to a room ends in its id: nobody reads what is said of it, and it begins one call of a model. */
const ofPush = /\/[a-z][a-z0-9-]* .*#[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/u;

/** What the model is told of an answer that says more than is shown; the host asks it once more, and shows nobody the first one. */
const sayAgain = (marked: string): string =>
  "Your answer says more than the receipts of this turn show. It would be delivered with these corrections:\n\n" +
  `${marked}\n\n` +
  "Where the person asked for what is marked and it can still be done, call its tool now and say what its receipt says. " +
  "Otherwise answer again: say plainly that it was not done, or word what is only planned, or how things go in general, so that " +
  "nobody can take it for done.";

/**
 * Registers the hooks. With before_agent_finalize the host shows nothing of an answer while it is being written; one that is marked the
 * model may put right itself, once in a turn, where the turn did nothing that cannot be repeated.
 */
export function holdToReceipts(
  api: OpenClawPluginApi,
  { agentId, store = turnStore(), onChecked, now }: SaidParts,
): void {
  const guarded = (text: string, check: () => Checked | null): string | null => {
    try {
      const checked = check();
      if (checked === null) return null;
      if (checked.claims > 0) onChecked(checked.claims, checked.findings);
      return checked.reply === text ? null : checked.reply;
    } catch (error) {
      store.counts.defects += 1;
      api.logger.error(
        `dispatch: a reply could not be checked: ${error instanceof Error ? error.stack : String(error)}`,
      );
      return text.includes(notChecked) ? null : `${text}\n\n${notChecked}`;
    }
  };

  api.on("before_prompt_build", ({ prompt }, { agentId: speaker, sessionKey, runId }) => {
    if (speaker !== agentId || sessionKey === undefined) return;
    beginTurn(store, sessionKey, runId ?? null, now(), !ofPush.test(prompt));
  });
  api.on("before_tool_call", ({ toolName }, { sessionKey }) => {
    if (sessionKey !== undefined && !toolsByChatName.has(toolName) && !harmless.has(toolName))
      recordOtherTool(store, sessionKey, now());
  });
  api.on("before_agent_finalize", (_event, { agentId: speaker, sessionKey }) => {
    const marked = speaker === agentId && sessionKey !== undefined ? markedIn(store, sessionKey) : null;
    if (marked === null) return undefined;
    return {
      action: "revise",
      retry: { instruction: sayAgain(marked), idempotencyKey: "dispatch.said", maxAttempts: 1 },
    };
  });
  api.on("before_message_write", ({ message }, { agentId: speaker, sessionKey }) => {
    if (speaker !== agentId || sessionKey === undefined || message.role !== "assistant") return undefined;
    let isChanged = false;
    const content = message.content.map((part) => {
      if (part.type !== "text") return part;
      const text = guarded(part.text, () => checkSaid(store, sessionKey, part.text, now()));
      isChanged ||= text !== null;
      return text === null ? part : { ...part, text };
    });
    return isChanged ? { message: { ...message, content } } : undefined;
  });
  api.on("reply_payload_sending", ({ payload, sessionKey, runId }, context) => {
    const key = context.sessionKey ?? sessionKey;
    const { text } = payload;
    if (key === undefined || text === undefined) return undefined;
    const run = runId ?? context.runId ?? null;
    const delivered = guarded(text, () => deliveredFor(store, key, text, run, now()));
    return delivered === null ? undefined : { payload: { ...payload, text: delivered } };
  });
  api.on("message_sending", ({ content }, { sessionKey }) => {
    if (sessionKey === undefined) return undefined;
    const delivered = guarded(content, () => deliveredFor(store, sessionKey, content, null, now()));
    return delivered === null ? undefined : { content: delivered };
  });
}

/**
 * Tells the desk, in the owner's name or the first person's: the agent has no grant of its own. What does not arrive is logged; nobody
 * waits for it.
 */
export function claimTeller(desk: Desk, warn: (sentence: string) => void): SaidParts["onChecked"] {
  const { owner, people } = desk.configuration;
  const person = owner ?? people[0];
  const role = person?.roles[0];
  return (checked, unproven) => {
    if (person === undefined || role === undefined) return;
    const body = JSON.stringify({ checked, unproven: unproven.slice(0, 50) });
    void desk
      .call({ person, role, viaChat: true }, { method: "POST", path: "/claims", body, expected: ["kept"] })
      .then((outcome) => {
        if (outcome.kind !== "answered")
          warn(`dispatch: ${unproven.length} claims without a receipt could not be told to the desk: ${outcome.kind}`);
      })
      .catch((error: unknown) => warn(`dispatch: claims could not be told to the desk: ${String(error)}`));
  };
}

/** A line for the status: what was said since this gateway began, and what of it was not shown. */
export const saidLine = ({ counts: { replies, claims, unproven, defects } }: TurnStore = turnStore()): string =>
  `since this gateway began: ${replies} replies checked, claims in them: ${claims}, said and not shown: ${unproven}` +
  (defects === 0 ? "" : `, replies that could not be checked: ${defects}`);
