// NODE_ENV, the one variable of another's naming that decides something here: whether this is production.

import type { Fault } from "./settings-error.ts";

const known = ["development", "test", "production"];
const given = (environment: NodeJS.ProcessEnv): string => environment["NODE_ENV"]?.trim() ?? "";

export const isProduction = (environment: NodeJS.ProcessEnv): boolean => given(environment) === "production";

/** The fault of a NODE_ENV that nobody would know to be production or not. */
export function nodeEnvironmentFaults(environment: NodeJS.ProcessEnv): Fault[] {
  const value = given(environment);
  if (value === "" || known.includes(value)) return [];
  return [{ at: "NODE_ENV", rule: `must be ${known.join(", ")} or unset, not ${JSON.stringify(value)}` }];
}
