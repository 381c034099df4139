// What a call would do, as a person is shown it before they allow it, and whether it still would: what was allowed is done as it was
// shown, or not at all.

import type { HumanApprovalRule } from "../policy/policy.ts";
import { canonicalJson } from "../policy/canonical-json.ts";
import type { Aggregate, Belonging } from "./aggregate.ts";
import { isObject, type JsonObject } from "./json.ts";
import { Refusal } from "./refusal.ts";

/** What a call is held to. */
export type ApprovedCall = {
  /** The request that keeps it, A-000123. */
  readonly number: string;
  /** Who allowed it. */
  readonly by: string;
  readonly foreseen: JsonObject;
  readonly version: number | null;
};

/** What is known of a call that a person must allow. */
export type AskedFor = {
  readonly rule: HumanApprovalRule;
  readonly foreseen: JsonObject;
  /** Which version of what it is about; null where it makes something, or is about the office as a whole. */
  readonly version: number | null;
  readonly place: Belonging | null;
};

/** A call that waits for a person: for the first time, or anew because it would no longer do what was allowed. */
export class ApprovalWanted extends Refusal {
  readonly asked: AskedFor;

  constructor(
    code: "HUMAN_APPROVAL_REQUIRED" | "APPROVAL_OUTDATED",
    asked: AskedFor,
    details: Readonly<Record<string, unknown>>,
    message?: string,
  ) {
    super(code, details, message === undefined ? {} : { message });
    this.asked = asked;
  }
}

/** What is looked at of an effect (write.ts), which knows of this file. */
type Effect = {
  readonly aggregate: Aggregate;
  readonly found: unknown;
  readonly fate: "inserted" | "updated" | "advanced";
  readonly before: string | null;
  readonly moves: { readonly to: readonly string[] };
  readonly decision: { readonly payload: JsonObject };
};

/** What would change, without what is made anew by each attempt: times, ids, numbers of documents. */
export function foreseenOf({ before, moves, decision, fate }: Effect): JsonObject {
  return {
    ...(fate !== "inserted" && before !== null && { state: before }),
    ...(moves.to.length > 0 && { becomes: moves.to.at(-1) }),
    facts: factsIn(decision.payload),
  };
}

/** What must not have changed between asking and doing: what leaves its fields alone, as notes and warnings do, is no change. */
export function versionIn(aggregate: Aggregate, found: unknown): number | null {
  if (found === null || aggregate.idIn === null) return null;
  return aggregate.versionOf?.(found) ?? aggregate.headOf(found).seq;
}

const word = /^[A-Za-z_]{1,60}$/;

/** Numbers, words and yes or no; times and ids that arguments name are in those. */
function factsIn(payload: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(payload).flatMap(([name, value]): [string, unknown][] => {
      if (typeof value === "number" || typeof value === "boolean") return [[name, value]];
      if (typeof value === "string") return word.test(value) ? [[name, value]] : [];
      if (Array.isArray(value)) return [[name, { count: value.length }]];
      return isObject(value) ? [[name, factsIn(value)]] : [];
    }),
  );
}

/**
 * What is different from what was allowed, in words; nothing where all of it holds. What was not known then is not compared.
 */
export function differencesFrom(approved: Pick<ApprovedCall, "foreseen" | "version">, now: AskedFor): string[] {
  const [was, is] = [approved.version, now.version];
  return [
    ...(was === is || was === null
      ? []
      : [`it has changed since it was asked for: version ${was} then, ${is ?? "none"} now`]),
    ...differing(approved.foreseen, now.foreseen, ""),
  ];
}

function differing(was: JsonObject, is: JsonObject, path: string): string[] {
  return Object.entries(was).flatMap(([name, before]) => {
    const at = path === "" ? name : `${path}.${name}`;
    const after = is[name];
    if (isObject(before) && isObject(after)) return differing(before, after, at);
    const [old, fresh] = [canonicalJson(before), after === undefined ? "nothing" : canonicalJson(after)];
    return old === fresh ? [] : [`${at} was ${old} and is ${fresh}`];
  });
}

const takesAnother = "by now the rule wants somebody else's word than that of whoever asked";

/** @throws ApprovalWanted APPROVAL_OUTDATED */
export function requireAsAllowed(approved: ApprovedCall, now: AskedFor, askedBy: string): void {
  const isAlone = now.rule.fourEyes === true && approved.by === askedBy;
  const differs = [...differencesFrom(approved, now), ...(isAlone ? [takesAnother] : [])];
  if (differs.length > 0)
    throw new ApprovalWanted("APPROVAL_OUTDATED", now, { approval_request: approved.number, differs });
}
