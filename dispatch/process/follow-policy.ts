// Takes up what was activated, in every process that has a desk: it looks once a second, so that nobody judges by what is over for
// longer than two.

import type { Policies } from "../kernel/policies.ts";
import type { Settings } from "./settings.ts";

const everyMs = 1_000;

export type FollowLog = { info(message: string): void; warn(message: string, error?: unknown): void };

/** What is said where a version in force takes away what the settings allow; null where it does not. */
export const headersOff = (
  { live }: Pick<Policies, "live">,
  { allowDevHeaders }: Pick<Settings, "allowDevHeaders">,
): string | null =>
  allowDevHeaders === false || live.devHeaders
    ? null
    : `X-Actor-… headers no longer count: ${live.version === null ? "the policy" : `version ${live.version} of the policy`} (profile ` +
      `${live.profile}) says dev_headers: false. Callers need tokens`;

/** Looks until it is stopped. A look that fails changes nothing, and is told once until one works again. */
export function followPolicy(
  policies: Policies,
  settings: Pick<Settings, "allowDevHeaders">,
  log: FollowLog,
): { stop(): Promise<void> } {
  let looking: Promise<void> | null = null;
  let failed = false;
  const look = async (): Promise<void> => {
    try {
      if (await policies.refresh()) {
        log.info(`version ${policies.live.version} of the policy is in force`);
        const off = headersOff(policies, settings);
        if (off !== null) log.warn(off);
      }
      failed = false;
    } catch (error) {
      if (!failed) log.warn("the newest version of the policy cannot be asked for; what is in force stays so", error);
      failed = true;
    }
  };
  const timer = setInterval(() => {
    looking ??= look().finally(() => (looking = null));
  }, everyMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}
