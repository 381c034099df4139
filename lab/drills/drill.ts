// What a drill is: a fault made for real on a throw-away stack, what shows it, and what ends it.

import type { Pool } from "pg";
import type { AccountId, SiteId } from "../../dispatch/contract/ids.ts";
import type { HttpSpeaker } from "../demo/http-speaker.ts";
import type { BreakableNetwork } from "./breakable-network.ts";
import type { Stack } from "../../dispatch/ops/stack/stack.ts";

/** The stack a drill plays on, and who acts there. */
export type DrillGround = {
  readonly stack: Stack;
  readonly accountId: AccountId;
  readonly siteId: SiteId;
  readonly dispatcher: HttpSpeaker;
  readonly technician: HttpSpeaker;
  /** With the owner's rights, as an operator at the console has them. */
  readonly sql: Pool;
  /** Codes of the alerts that fire now; null when the API cannot tell. */
  readonly alerts: () => Promise<readonly string[] | null>;
  /** What /health answers; null when nothing does. */
  readonly health: () => Promise<number | null>;
  readonly dataDir: string;
  /** What lies between the stack and its Postgres; null where nothing does. */
  readonly network: BreakableNetwork | null;
};

export type Drill = {
  readonly name: string;
  /** The fault, in a sentence. */
  readonly about: string;
  /** What must show it: an alert of /ops/alerts, or /health. */
  readonly shownBy: { readonly alert: string } | { readonly health: 503 };
  readonly runbook: string;
  /** Settings of the stack beside the usual ones. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether Postgres stands elsewhere, beyond a network that can be broken, in place of the stack's own. */
  readonly overNetwork?: boolean;
  /** Times it must keep to, in ms; any within the patience of a drill unless given. */
  readonly within?: { readonly detectedMs: number; readonly recoveredMs: number };
  provoke(ground: DrillGround): Promise<void>;
  /** What a person does against the cause. @returns what was done, for the scorecard */
  fix(ground: DrillGround): Promise<string>;
  /** What must be well again, beside /health and what showed the fault. */
  isWell?(ground: DrillGround): Promise<boolean>;
};
