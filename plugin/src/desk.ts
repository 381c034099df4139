// The desk as one person reaches it: signs, calls, remembers for a moment what the API says about itself.

import { contractHash } from "../../dispatch/contract/hash.ts";
import type { AnyEntry } from "../../dispatch/contract/index.ts";
import type { Role } from "../../dispatch/contract/roles.ts";
import { attemptShare, openApiClient, type ApiClient, type ApiRequest, type Outcome } from "./api-client.ts";
import { rulesFrom, type ApprovalRule } from "./approval-rules.ts";
import type { Configuration, Grant } from "./configuration.ts";
import { personBehind, type Requester } from "./identity.ts";
import { sortedJson, textAt, type JsonObject } from "./json.ts";
import { openSigner, type HumanApproval, type Signer } from "./token.ts";

/** How long the API's word on its contract and rules is believed. */
const rememberedMs = 30_000;
/** Reads that only accompany something, like a brief or a card, wait this long at most. */
export const shortWaitMs = 3_000;

export type Caller = { readonly person: Grant; readonly role: Role; readonly viaChat: boolean };
export type Call = Omit<ApiRequest, "token" | "actor"> & {
  readonly claimedBy?: string | undefined;
  readonly approval?: HumanApproval | undefined;
  /** How long the API was asked to work before it answers, in ms; every attempt waits for so much longer. */
  readonly workMs?: number;
};

export type Desk = {
  readonly configuration: Configuration;
  readonly contractHash: string;
  /** What the clock says, in ms since 1970. */
  readonly now: () => number;
  personBehind(requester: Requester): Grant | null;
  /** @param deadlineMs longest to wait in ms, where that is less than what is configured */
  call(caller: Caller, call: Call, signal?: AbortSignal, deadlineMs?: number): Promise<Outcome>;
  /** A read that accompanies something else; null when there is no good answer in a short time. */
  peek(caller: Caller, path: string, signal?: AbortSignal): Promise<JsonObject | null>;
  /** The bytes of a file that accompanies something; null when they do not come, or are more than `maxBytes`. */
  file(caller: Caller, path: string, maxBytes: number, signal?: AbortSignal): Promise<Buffer | null>;
  /** GET /contract's answer, at most half a minute old; null when the API does not say. */
  contract(caller: Caller): Promise<JsonObject | null>;
  /**
   * The currency of all tickets, for those that opened before each named its own: as `contract` was told last, which every turn's
   * brief and every command's look for a card ask. Null where it differs between tickets, or nobody has asked yet.
   */
  currency(): string | null;
  /** The API's rules for what a person must allow; none while it does not say, for then it does nothing either. */
  approvalRules(caller: Caller): Promise<readonly ApprovalRule[]>;
};

export function openDesk(configuration: Configuration, now: () => number = Date.now): Desk {
  const client: ApiClient = openApiClient(configuration.apiUrl);
  const sign: Signer = openSigner(configuration.signing, now);
  let currency: string | null = null;
  // By what whoever asks was granted: the answer names the caller, and the technician they are.
  const remembered = new Map<string, { readonly at: number; readonly contract: JsonObject }>();

  const call: Desk["call"] = async (
    caller,
    { claimedBy, approval, workMs = 0, ...request },
    signal,
    deadlineMs = configuration.timeoutMs,
  ) => {
    const token = await sign({ ...caller, claimedBy, approval }).catch((error: unknown) => ({
      why: `calls cannot be signed: ${String(error)}`,
    }));
    if (typeof token !== "string") return { kind: "unreachable", why: token.why };
    return client.call(
      { ...request, token, actor: caller.person.actor },
      signal,
      Math.min(deadlineMs, configuration.timeoutMs) + workMs / attemptShare,
    );
  };
  const peek: Desk["peek"] = async (caller, path, signal) => {
    const outcome = await call(caller, { method: "GET", path }, signal, shortWaitMs);
    return outcome.kind === "answered" ? outcome.body : null;
  };
  const contract: Desk["contract"] = async (caller) => {
    const key = sortedJson([caller.person, caller.role]);
    const known = remembered.get(key);
    if (known && performance.now() - known.at < rememberedMs) return known.contract;
    const answer = await peek(caller, "/contract");
    if (answer) {
      if (remembered.size > 200) remembered.clear();
      currency = textAt(answer, "currency");
      remembered.set(key, { at: performance.now(), contract: answer });
    }
    return answer;
  };
  return {
    configuration,
    contractHash: contractHash(),
    now,
    personBehind: (requester) => personBehind(configuration, requester),
    call,
    peek,
    async file(caller, path, maxBytes, signal) {
      const token = await sign(caller).catch(() => null);
      const inTime = AbortSignal.timeout(configuration.timeoutMs);
      return token === null
        ? null
        : client.file(
            path,
            { token, actor: caller.person.actor },
            maxBytes,
            signal ? AbortSignal.any([signal, inTime]) : inTime,
          );
    },
    contract,
    currency: () => currency,
    approvalRules: async (caller) => {
      const answer = await contract(caller);
      return answer ? rulesFrom(answer) : [];
    },
  };
}

/** The first granted role of those that may use an entry. */
export const roleIn = (person: Grant, entry: AnyEntry): Role | null =>
  person.roles.find((role) => entry.roles.includes(role)) ?? null;

const plainText = (value: unknown): string => (typeof value === "string" ? value : sortedJson(value));

/** Fields as a query string: lists by commas, the absent left out, keys in a fixed order. */
export function queryString(fields: JsonObject): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    parameters.set(key, Array.isArray(value) ? value.map(plainText).join(",") : plainText(value));
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}
