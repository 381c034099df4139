// What a profile says of development headers, for whoever reads the settings: before a policy is loaded, and in processes
// that load none.

import { resolve } from "node:path";
import { isMembers, layered } from "./layered-profile.ts";
import { isShippedProfile, profileFile, readJson, shippedProfileFile } from "./policy-set.ts";
import { isOwnProfile } from "./profile-file.ts";

/**
 * Whether a profile leaves development headers to the settings. False for a profile that cannot be read; loading it says why.
 * @param profile a name or path that the settings allow
 * @param folder the policy folder, whose profile.json may say otherwise; null for the shipped one
 */
export function profileAllowsDevHeaders(profile: string, folder: string | null): boolean {
  try {
    const json = isOwnProfile(profile) ? readJson("/", resolve(profile)) : folderProfile(profile, folder);
    return isMembers(json) && json["dev_headers"] === true;
  } catch {
    return false;
  }
}

/** The profile that a policy folder extends; null where it leaves that to the setting, or cannot be read. */
export function extendedBy(folder: string): string | null {
  try {
    const written = readJson(folder, profileFile);
    const named = isMembers(written) ? written["extends"] : null;
    return typeof named === "string" ? named : null;
  } catch {
    return null;
  }
}

function folderProfile(profile: string, folder: string | null): unknown {
  const named = (folder === null ? null : extendedBy(folder)) ?? profile;
  if (!isShippedProfile(named)) return null;
  const base = readJson("/", shippedProfileFile(named));
  return folder === null ? base : layered(base, readJson(folder, profileFile));
}
