// The rules in force in this process, and those that tickets opened with: versions of the policy as Postgres keeps them, a bounded
// number of them in memory. Must not judge a set (policy/build-policy.ts does), and writes none but what held before the first.

import type { Database } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import type { LoadedPolicy } from "../policy/load.ts";
import { underVersion, type Policy } from "../policy/policy.ts";
import { currenciesOf } from "../policy/price-books.ts";
import { PolicyUnreadable, readVersion, versionsInUse, type VersionInUse } from "./policy-versions.ts";

/** How many versions are in memory, beside the one in force. A built one takes some 60 KB, with a catalogue of 5,000 parts 800. */
const mostHeld = 64;

const selectNewest = statement<{ version: number }>(
  "policy_version_newest",
  `SELECT version FROM policy_versions ORDER BY version DESC LIMIT 1`,
);
const selectBefore = statement<{ version: number }>(
  "policy_version_before",
  `SELECT version FROM policy_versions WHERE version > 0 AND version < coalesce($1::integer, version + 1)
   ORDER BY version DESC LIMIT 1`,
);
const selectCurrencies = statement<{ currency: string | null }>(
  "policy_currencies",
  `SELECT DISTINCT f.value ->> 'currency' AS currency FROM policy_versions v, jsonb_each(v.content -> 'files') AS f
   WHERE f.key = 'price-book.json' OR (f.key LIKE 'price-books/%' AND f.value ? 'currency')`,
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

/** Thrown where a ticket's version is asked for that is not in memory; whoever runs the asking holds it and asks again. */
export class PolicyNotHeld extends Error {
  override readonly name = "PolicyNotHeld";
  readonly version: number;
  constructor(version: number) {
    super(`version ${version} of the policy is not in memory`);
    this.version = version;
  }
}

/** A version that is in use and cannot be read here; `why` says what is wrong, and the way out. */
export type UnreadableVersion = VersionInUse & { readonly why: string };

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

  /** The currency of all tickets, under whatever version they opened; null where versions differ. */
  async oneCurrency(): Promise<string | null> {
    const [currency = null, ...others] = currenciesOf(this.#live);
    const stored = await this.#db.rows(selectCurrencies, []);
    return others.length === 0 && stored.every((one) => one.currency === currency) ? currency : null;
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

  /** At a start: takes the newest version that this release can read, however many it cannot lie before it. */
  async open(loaded: LoadedPolicy | null): Promise<void> {
    if (loaded) await this.#db.row(saveStarted, [JSON.stringify(loaded.set), loaded.policy.policyHash]);
    const passed: PolicyUnreadable[] = [];
    for (let below: number | null = null; ;) {
      const row: { version: number } | null = await this.#db.row(selectBefore, [below]);
      const unreadable: PolicyUnreadable | null = row && (await this.#takeStored(row.version));
      if (!unreadable) break;
      passed.push(unreadable);
      below = unreadable.version;
    }
    const [newest] = passed;
    if (!newest) return;
    const others = passed.length > 1 ? `So it is with ${passed.length - 1} before it. ` : "";
    this.#warn(`${others}${this.#newestUnreadable(newest)}`);
  }

  /** Takes up what was activated since, or could not be read before and can now. @returns whether it did */
  async refresh(): Promise<boolean> {
    const isTaken = await this.#tryOneAgain();
    const newest = (await this.#db.row(selectNewest, []))?.version ?? 0;
    if (newest <= (this.#live.version ?? 0) || this.#unreadable.has(newest)) return isTaken;
    const unreadable = await this.#takeStored(newest);
    if (unreadable) this.#warn(this.#newestUnreadable(unreadable));
    return unreadable === null;
  }

  /** What cannot be read here of the versions that matter: the newest, and those that open tickets stand on. The newest comes first. */
  async unreadable(): Promise<UnreadableVersion[]> {
    const used = await versionsInUse(this.#db);
    await this.hold(used.map(({ version }) => version));
    return used.flatMap((one) => {
      const error = this.#unreadable.get(one.version);
      if (!error) return [];
      return [{ ...one, why: one.newest ? this.#newestUnreadable(error) : error.message }];
    });
  }

  #newestUnreadable({ message }: PolicyUnreadable): string {
    const { version } = this.#live;
    const kept = version === null ? "what DISPATCH_POLICY_DIR names" : `version ${version}`;
    return `${message}, or activate a set that this one reads: until then ${kept} stays in force here`;
  }

  /** Of several that cannot be read one in turn, so that one whose row was mended is used again without a new start. */
  async #tryOneAgain(): Promise<boolean> {
    const [version] = this.#unreadable.keys();
    if (version === undefined) return false;
    const isNewer = version > (this.#live.version ?? 0);
    if (await (isNewer ? this.#takeStored(version) : this.#tryToKeep(version))) return false;
    this.#warn(`version ${version} of the policy can be read again`);
    return isNewer;
  }

  /** @returns why it cannot be read; null where it is in force now */
  async #takeStored(version: number): Promise<PolicyUnreadable | null> {
    const unreadable = await this.#tryToKeep(version);
    const stored = this.#stored.get(version);
    if (!unreadable && stored) this.take(stored);
    return unreadable;
  }

  /** @returns why it cannot be read; null where it is in memory now */
  async #tryToKeep(version: number): Promise<PolicyUnreadable | null> {
    try {
      this.#keep(version, (await readVersion(this.#db, version)) ?? this.#started);
      this.#unreadable.delete(version);
      return null;
    } catch (error) {
      if (!(error instanceof PolicyUnreadable)) throw error;
      // Behind the others: they are tried again in turn.
      this.#unreadable.delete(version);
      this.#unreadable.set(version, error);
      return error;
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
