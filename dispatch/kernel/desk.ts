// Everything a command or query may reach: database, object store, policy, settings, clock. Built once per process.

import type { Database } from "../db/pool.ts";
import type { DeskRules } from "../policy/policy.ts";
import type { ObjectStore } from "../storage/object-store.ts";
import type { TravelTimes } from "../travel/travel-times.ts";
import type { Clock } from "./clock.ts";
import type { Policies } from "./policies.ts";
import type { Settings } from "../process/settings.ts";

export type Desk = {
  readonly db: Database;
  readonly store: ObjectStore;
  readonly travel: TravelTimes;
  /** The rules in force that are no single ticket's; of a ticket ask policyOf. */
  readonly policy: DeskRules;
  readonly policies: Policies;
  readonly settings: Settings;
  readonly clock: Clock;
  /** Tells listeners, after a commit, that the outbox has grown. */
  readonly announce: () => void;
};
