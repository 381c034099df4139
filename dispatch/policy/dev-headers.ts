// What a profile says of development headers, for whoever reads the settings: before a policy is loaded, and in processes
// that load none.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { profileFileOf } from "./profile-file.ts";

/**
 * Whether a profile leaves development headers to the settings. False for a profile that cannot be read; loading it says why.
 * @param profile a name or path that the settings allow
 */
export function profileAllowsDevHeaders(profile: string): boolean {
  try {
    const file = resolve(import.meta.dirname, profileFileOf(profile).file);
    const json: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof json === "object" && json !== null && "dev_headers" in json && json.dev_headers === true;
  } catch {
    return false;
  }
}
