// policy.activate: puts another version of the company's rules in force. Only `pnpm dispatch:policy activate` runs it; every process takes
// up the row it writes (process/follow-policy.ts).

import { insertRow } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";
import { deskCommand } from "../kernel/desk-chain.ts";
import { isObject, type JsonObject } from "../kernel/json.ts";
import { contentHash } from "../kernel/policy-versions.ts";
import { invalidField, Refusal } from "../kernel/refusal.ts";
import type { Policy } from "../policy/policy.ts";
import { PolicyError } from "../policy/policy-error.ts";
import { currenciesOf } from "../policy/price-books.ts";
import { buildStoredPolicy } from "../policy/stored-policy.ts";

// Behind the lock on the desk's chain, which every activation takes.
const selectLast = statement<{ version: number; hash: string }>(
  "policy_version_last",
  `SELECT version, hash FROM policy_versions ORDER BY version DESC LIMIT 1`,
);

type Named = { currency: string | null; accounts: number };

/** How many accounts are billed in a currency that they name. */
const selectNamed = statement<Named>(
  "policy_currencies_named",
  `SELECT currency, count(*)::int AS accounts FROM accounts
   WHERE currency IS NOT NULL AND archived_at IS NULL GROUP BY currency ORDER BY currency`,
);

const insertVersion = insertRow("policy_version_insert", "policy_versions", [
  "version",
  "content",
  "hash",
  "activated_by",
  "activated_at",
]);

export const policyActivate = deskCommand({
  name: "policy.activate",
  async load(tx) {
    const [last, named] = await Promise.all([tx.row(selectLast, []), tx.rows(selectNamed, [])]);
    return { last, named };
  },
  decide({ desk, actor, input: { content }, now }, { last, named }) {
    const set = contentOf(content);
    const policy = built(set);
    requireBooksOf(named, desk.policies.live, policy);
    const { policyHash: hash } = policy;
    const version = (last?.version ?? 0) + 1;
    const activated = { version, hash, activated_by: actor.id, activated_at: now };
    return {
      payload: {
        version,
        hash,
        content_sha256: contentHash(set),
        previous_version: last?.version ?? null,
        previous_hash: last?.hash ?? null,
      },
      write: (tx) => [insertVersion(tx, { ...activated, content })],
      body: () => activated,
    };
  },
});

/** @throws Refusal INVALID_REQUEST where accounts would be left in a currency that no price book is in any more */
function requireBooksOf(named: readonly Named[], live: Policy, next: Policy): void {
  const [before, after] = [currenciesOf(live), currenciesOf(next)];
  const lost = before.filter((currency) => !after.includes(currency));
  const left = named.find(({ currency }) => currency !== null && lost.includes(currency));
  if (!left) return;
  const { currency, accounts } = left;
  const way = `keep a book in ${currency}, or give them another currency first; known: ${after.join(", ")}`;
  const message = `no price book would be in ${currency}, as ${accounts} of the accounts are billed: ${way}`;
  throw new Refusal(
    "INVALID_REQUEST",
    { validation_errors: [{ path: "content", rule: "policy", message }] },
    { message },
  );
}

function contentOf(text: string): JsonObject {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = null;
  }
  if (isObject(json)) return json;
  throw invalidField("content", "format", "is no JSON of a policy folder");
}

/** @throws Refusal INVALID_REQUEST: what no process could read never comes into force */
function built(content: JsonObject) {
  try {
    return buildStoredPolicy(content);
  } catch (error) {
    throw error instanceof PolicyError ? invalidField("content", "policy", error.message) : error;
  }
}
