// policy.activate: puts another version of the company's rules in force. Only `pnpm dispatch:policy activate` runs it; every process takes
// up the row it writes (process/follow-policy.ts).

import { insertRow } from "../db/insert-rows.ts";
import { statement } from "../db/statement.ts";
import { deskCommand } from "../kernel/desk-chain.ts";
import { isObject, type JsonObject } from "../kernel/json.ts";
import { contentHash } from "../kernel/policy-versions.ts";
import { invalidField } from "../kernel/refusal.ts";
import { PolicyError } from "../policy/policy-error.ts";
import { buildStoredPolicy } from "../policy/stored-policy.ts";

// Behind the lock on the desk's chain, which every activation takes.
const selectLast = statement<{ version: number; hash: string }>(
  "policy_version_last",
  `SELECT version, hash FROM policy_versions ORDER BY version DESC LIMIT 1`,
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
  load: (tx) => tx.row(selectLast, []),
  decide({ actor, input: { content }, now }, last) {
    const set = contentOf(content);
    const { policyHash: hash } = built(set);
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
