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

const storedVersion = `
  SELECT v.version, v.content, v.hash,
         (SELECT e.payload FROM audit_events e
          WHERE e.aggregate = 'desk' AND e.aggregate_id = 'desk' AND e.tool_name = 'policy.activate'
            AND e.payload ->> 'version' = v.version::text ORDER BY e.seq DESC LIMIT 1) AS activation
  FROM policy_versions v`;
const selectStored = statement<StoredVersion>("policy_version_stored", `${storedVersion} WHERE v.version = $1`);
const selectActivated = statement<StoredVersion>(
  "policy_versions_activated",
  `${storedVersion} WHERE v.version > 0 ORDER BY v.version`,
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

/** Why a stored version is not what was activated; null where it is. Of version 0, which each start says anew, no event tells. */
function whyUntold({ version, content, hash, activation }: StoredVersion): string | null {
  if (version === 0) return null;
  if (!isObject(activation)) return "no event of the desk says that it was activated";
  // Events of earlier releases do not tell the content's hash.
  const { hash: activated, content_sha256: whole = null } = activation;
  const isSame = hash === activated && (whole === null || (isObject(content) && contentHash(content) === whole));
  return isSame ? null : "it is not as the event of its activation says";
}

/** The stored versions that were written past the pipeline, each with what speaks against it. */
export async function untoldVersions(db: Session): Promise<{ readonly version: number; readonly why: string }[]> {
  const rows = await db.rows(selectActivated, []);
  return rows.flatMap((row) => {
    const why = whyUntold(row);
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
  const untold = whyUntold(row);
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
