// The rules in force in this process, and those that tickets opened with: versions of the policy as Postgres keeps them, a bounded
// number of them in memory. Must not judge a set (policy/build-policy.ts does), and writes none but what held before the first.

import type { Database, Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { buildStoredPolicy } from "../policy/stored-policy.ts";
import type { LoadedPolicy } from "../policy/load.ts";
import { underVersion, type Policy } from "../policy/policy.ts";
import { canonicalSha256 } from "../policy/canonical-json.ts";
import { isObject, type JsonObject } from "./json.ts";

/** How many versions are in memory, beside the one in force. A built one takes some 60 KB. */
const mostHeld = 64;
/** How many of the newest are tried at a start, where a later release stored what this one cannot read. */
const mostTried = 20;

const selectNewest = statement<{ version: number }>(
  "policy_version_newest",
  `SELECT version FROM policy_versions ORDER BY version DESC LIMIT 1`,
);
const selectVersions = statement<{ version: number }>(
  "policy_versions_newest",
  `SELECT version FROM policy_versions WHERE version > 0 ORDER BY version DESC LIMIT $1`,
);
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
// What a start says of itself; of several processes, and while nothing was activated, the last one started has the word.
const saveStarted = statement(
  "policy_version_started",
  `INSERT INTO policy_versions (version, content, hash, activated_by, activated_at)
   SELECT 0, $1::jsonb, $2, 'the start of a process', clock_timestamp()
   WHERE NOT EXISTS (SELECT FROM policy_versions WHERE version > 0)
   ON CONFLICT (version) DO UPDATE
   SET content = excluded.content, hash = excluded.hash, activated_at = excluded.activated_at
   WHERE policy_versions.hash <> excluded.hash`,
);

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

/** Thrown where a ticket's version is asked for that is not in memory; whoever runs the asking holds it and asks again. */
export class PolicyNotHeld extends Error {
  override readonly name = "PolicyNotHeld";
  readonly version: number;
  constructor(version: number) {
    super(`version ${version} of the policy is not in memory`);
    this.version = version;
  }
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

type Parts = {
  readonly db: Database;
  /** What the settings name, in force while nothing was activated. */
  readonly started: Policy;
  /** Told once of a version that this release cannot read. */
  readonly warn: (message: string) => void;
};

export class Policies {
  readonly #db: Database;
  readonly #started: Policy;
  readonly #warn: (message: string) => void;
  #live: Policy;
  readonly #unreadable = new Map<number, PolicyUnreadable>();
  readonly #stored = new Map<number, Policy>();
  /** The rules of today with what a ticket is judged by, by its version. */
  readonly #judging = new Map<number, Policy>();

  constructor({ db, started, warn }: Parts) {
    this.#db = db;
    this.#started = started;
    this.#live = started;
    this.#warn = warn;
  }

  /** The rules in force: for what opens now, and for all that is no single ticket's. */
  get live(): Policy {
    return this.#live;
  }

  /**
   * The rules a ticket is judged by: the desk's of today, and of its own version what work and money go by.
   * @param version null for a ticket that opened before anything was activated
   * @throws PolicyNotHeld where `hold` has to read it first; PolicyUnreadable where it has, and could not
   */
  of(version: number | null): Policy {
    if (version === this.#live.version) return this.#live;
    const known = this.#judging.get(version ?? 0);
    if (known) return known;
    const stored = this.#stored.get(version ?? 0);
    if (!stored) throw this.#unreadable.get(version ?? 0) ?? new PolicyNotHeld(version ?? 0);
    const judging = underVersion(this.#live, stored);
    this.#judging.set(version ?? 0, judging);
    return judging;
  }

  /**
   * The rules of a ticket that is one of many: those in force where its own cannot be read, so that the others are still seen.
   * @throws PolicyNotHeld where `hold` has to read it first
   */
  ofOneOfMany(version: number | null): Policy {
    return this.#unreadable.has(version ?? 0) ? this.#live : this.of(version);
  }

  /** Reads versions that are not in memory. One that cannot be read is told of once. */
  async hold(versions: Iterable<number | null>): Promise<void> {
    for (const version of new Set([...versions].map((one) => one ?? 0))) {
      if (version === this.#live.version || this.#stored.has(version) || this.#unreadable.has(version)) continue;
      const unreadable = await this.#tryToKeep(version);
      if (unreadable)
        this.#warn(
          `${unreadable.message}. Until then tickets that opened under it are listed and planned by the rules in force, and ` +
            "commands that need their own are refused",
        );
    }
  }

  /** As `of`, which reads it where it must. */
  async held(version: number | null): Promise<Policy> {
    if (version !== this.#live.version) await this.hold([version]);
    return this.of(version);
  }

  /** Puts rules in force in this process. */
  take(policy: Policy): void {
    this.#live = policy;
    this.#judging.clear();
    if (policy.version !== null) this.#keep(policy.version, policy);
  }

  /** At a start: takes the newest version that this release can read. */
  async open(loaded: LoadedPolicy | null): Promise<void> {
    if (loaded) await this.#db.row(saveStarted, [JSON.stringify(loaded.set), loaded.policy.policyHash]);
    for (const { version } of await this.#db.rows(selectVersions, [mostTried]))
      if (await this.#takeStored(version)) return;
  }

  /** Takes up what was activated since. @returns whether it did */
  async refresh(): Promise<boolean> {
    const newest = (await this.#db.row(selectNewest, []))?.version ?? 0;
    if (newest <= (this.#live.version ?? 0) || this.#unreadable.has(newest)) return false;
    return this.#takeStored(newest);
  }

  async #takeStored(version: number): Promise<boolean> {
    const unreadable = await this.#tryToKeep(version);
    const stored = this.#stored.get(version);
    if (stored) this.take(stored);
    if (!unreadable) return stored !== undefined;
    const { version: kept } = this.#live;
    this.#warn(
      `${unreadable.message}, or activate a set that this one reads: until then ` +
        `${kept === null ? "an earlier one, or what DISPATCH_POLICY_DIR names," : `version ${kept}`} stays in force here`,
    );
    return false;
  }

  /** @returns why it cannot be read; null where it is in memory now */
  async #tryToKeep(version: number): Promise<PolicyUnreadable | null> {
    try {
      this.#keep(version, await this.#read(version));
      return null;
    } catch (error) {
      if (!(error instanceof PolicyUnreadable)) throw error;
      this.#unreadable.set(version, error);
      return error;
    }
  }

  async #read(version: number): Promise<Policy> {
    const row = await this.#db.row(selectStored, [version]);
    // Nothing was ever started with a set that is kept: what this process was started with is all there is.
    if (!row && version === 0) return this.#started;
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

  #keep(version: number, policy: Policy): void {
    this.#stored.delete(version);
    this.#stored.set(version, policy);
    for (const oldest of this.#stored.keys()) {
      if (this.#stored.size <= mostHeld) return;
      this.#stored.delete(oldest);
      this.#judging.delete(oldest);
    }
  }
}

/** Runs what asks for the rules of tickets, again with each version that it lacked. */
export async function withPolicies<T>(policies: Pick<Policies, "hold">, run: () => Promise<T>): Promise<T> {
  for (let more = mostHeld; ; more--) {
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof PolicyNotHeld) || more === 0) throw error;
      await policies.hold([error.version]);
    }
  }
}
