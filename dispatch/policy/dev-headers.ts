// What a profile says of development headers, for whoever reads the settings: before a policy is loaded, and in processes
// that load none.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Whether a profile leaves development headers to the settings. False for a profile that cannot be read; loading it says why.
 * @param profile one of the names the settings allow
 */
export function profileAllowsDevHeaders(profile: string): boolean {
  try {
    const file = join(import.meta.dirname, "profiles", `${profile}.json`);
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof json === "object" && json !== null && "dev_headers" in json && json.dev_headers === true;
  } catch {
    return false;
  }
}
