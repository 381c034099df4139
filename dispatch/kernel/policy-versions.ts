// The versions of the policy as Postgres keeps them: reading one, what speaks against one, and which of them matter today. Must keep
// none in memory; policies.ts does.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import { canonicalSha256 } from "../policy/canonical-json.ts";
import type { Policy } from "../policy/policy.ts";
import { buildStoredPolicy } from "../policy/stored-policy.ts";
import { isObject, type JsonObject } from "./json.ts";

type StoredVersion = {
  readonly version: number;
  readonly content: unknown;
  readonly hash: string;
  /** What the event says that activated it; null where none does. */
  readonly activation: unknown;
};

const selectStored = statement<StoredVersion>(
  "policy_version_stored",
  `SELECT v.version, v.content, v.hash,
          (SELECT e.payload FROM audit_events e
           WHERE e.aggregate = 'desk' AND e.aggregate_id = 'desk' AND e.tool_name = 'policy.activate'
             AND e.payload ->> 'version' = v.version::text ORDER BY e.seq DESC LIMIT 1) AS activation
   FROM policy_versions v WHERE v.version = $1`,
);
// Of what an event activated and there is no row of, the content is null.
const selectActivated = statement<Omit<StoredVersion, "version" | "hash"> & { version: string; hash: string | null }>(
  "policy_versions_activated",
  `WITH activated AS (
     SELECT DISTINCT ON (payload ->> 'version') payload ->> 'version' AS version, payload FROM audit_events
     WHERE aggregate = 'desk' AND aggregate_id = 'desk' AND tool_name = 'policy.activate'
     ORDER BY payload ->> 'version', seq DESC
   ), stored AS (SELECT version::text AS version, content, hash FROM policy_versions WHERE version > 0)
   SELECT coalesce(version, 'null') AS version, stored.content, stored.hash, activated.payload AS activation
   FROM stored FULL JOIN activated USING (version) ORDER BY 1`,
);

// What is open lies in two indexes, as for the gauges of the queue; by is_open alone all tickets there ever were would be read.
const selectInUse = statement<VersionInUse>(
  "policy_versions_in_use",
  `WITH used AS (
     SELECT coalesce(policy_version, 0) AS version, count(*) AS tickets FROM tickets
     WHERE in_queue OR (is_open AND NOT in_queue) GROUP BY 1
     UNION ALL
     SELECT version, 0 FROM policy_versions WHERE version > 0
   )
   SELECT version, sum(tickets)::bigint AS open_tickets,
          version > 0 AND version = (SELECT max(version) FROM policy_versions) AS newest
   FROM used GROUP BY version
   HAVING sum(tickets) > 0 OR version = (SELECT max(version) FROM policy_versions) ORDER BY version DESC`,
);

/** A version that open tickets go by, or that what opens next would go by. */
export type VersionInUse = {
  readonly version: number;
  readonly open_tickets: number;
  /** Whether it is the newest of those that were activated. */
  readonly newest: boolean;
};

/** The newest version and those that open tickets stand on, the newest first. */
export const versionsInUse = (db: Session): Promise<VersionInUse[]> => db.rows(selectInUse, []);

/** The hash of a set as a whole, which the event of its activation names. */
export const contentHash = (content: JsonObject): string => canonicalSha256(content);

/** Why a stored version is not what was activated; null where it is. */
function whyUntold({
  content,
  hash,
  activation,
}: Pick<StoredVersion, "content" | "activation"> & { hash: string | null }): string | null {
  if (!isObject(activation)) return "no event of the desk says that it was activated";
  // Events of earlier releases do not tell the content's hash.
  const { hash: activated, content_sha256: whole = null } = activation;
  const isSame = hash === activated && (whole === null || (isObject(content) && contentHash(content) === whole));
  return isSame ? null : "it is not as the event of its activation says";
}

export type UntoldVersion = { readonly version: string; readonly why: string };

/** The versions that are not what the desk's chain says was activated, each with what speaks against it. */
export async function untoldVersions(db: Session): Promise<UntoldVersion[]> {
  const rows = await db.rows(selectActivated, []);
  return rows.flatMap((row) => {
    const why = row.hash === null ? "its row is gone" : whyUntold(row);
    return why === null ? [] : [{ version: row.version, why }];
  });
}

/** Thrown where a version is needed whose rules this process cannot have; its message says why, and the way out. */
export class PolicyUnreadable extends Error {
  override readonly name = "PolicyUnreadable";
  readonly version: number;
  constructor(version: number, message: string, cause?: unknown) {
    super(`version ${version} of the policy ${message}`, { cause });
    this.version = version;
  }
}

/**
 * Reads one version.
 * @returns null of version 0 where nothing was ever started with a set that is kept
 * @throws PolicyUnreadable
 */
export async function readVersion(db: Session, version: number): Promise<Policy | null> {
  const row = await db.row(selectStored, [version]);
  if (!row && version === 0) return null;
  if (!row)
    throw new PolicyUnreadable(version, "is not in the database. Restore its row of policy_versions from a backup");
  // Of what each start says anew no event tells.
  const untold = version === 0 ? null : whyUntold(row);
  if (untold !== null)
    throw new PolicyUnreadable(
      version,
      `was written past Dispatch (${untold}) and is not used. See the runbook audit_broken`,
    );
  try {
    if (!isObject(row.content)) throw new Error("it is no object");
    return { ...buildStoredPolicy(row.content), version: version === 0 ? null : version };
  } catch (error) {
    // A stored set is data: whatever its reading throws, it says that this release cannot.
    const why = error instanceof Error ? error.message : String(error);
    throw new PolicyUnreadable(
      version,
      `cannot be read by this release (${why}). Run the release that stored it`,
      error,
    );
  }
}
