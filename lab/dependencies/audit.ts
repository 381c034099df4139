// Known holes in the packages, by `pnpm audit`: what it answered, in a form that can be judged. A registry that keeps no
// list of holes is told apart from one that knows of none.

import { spawnSync } from "node:child_process";
import { isObject } from "../../dispatch/kernel/json.ts";

export type Advisory = {
  readonly name: string;
  readonly severity: string;
  readonly title: string;
  readonly url: string;
  readonly patched: string;
};
export type Audit =
  | { readonly kind: "answered"; readonly advisories: readonly Advisory[] }
  | { readonly kind: "not answered"; readonly why: string };

/** Such a hole is not lived with. */
export const isHighOrCritical = ({ severity }: Pick<Advisory, "severity">): boolean =>
  severity === "high" || severity === "critical";

/**
 * Asks the registry that pnpm is configured for.
 * @param pnpm as package.json pins it
 * @param all also what only development and the gateway need
 */
export function askRegistry(pnpm: string, all: boolean): Audit {
  const { stdout, stderr, error } = spawnSync("npx", ["--yes", pnpm, "audit", "--json", ...(all ? [] : ["--prod"])], {
    encoding: "utf8",
    timeout: 120_000,
  });
  return auditFrom(stdout ?? "", error ? error.message : stderr);
}

/** What pnpm's words mean: a report on stdout, or a complaint on stderr and nothing on stdout. */
export function auditFrom(stdout: string, stderr: string): Audit {
  const report = reportFrom(stdout);
  if (report === null)
    return {
      kind: "not answered",
      why:
        stderr
          .replaceAll(/[\s×│]+/g, " ")
          .trim()
          .slice(0, 300) || "pnpm audit said nothing",
    };
  const advisories = Object.values(report)
    .filter(isObject)
    .map((one) => ({
      name: String(one["module_name"]),
      severity: String(one["severity"]),
      title: String(one["title"]),
      url: String(one["url"]),
      patched: String(one["patched_versions"]),
    }));
  return { kind: "answered", advisories };
}

function reportFrom(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) && isObject(value["advisories"]) ? value["advisories"] : null;
  } catch {
    return null;
  }
}
