/**
 * Loads the policy of a folder and a profile, or says which file is wrong.
 * Must not be called per request: the result is loaded once at start and passed on.
 */
import { buildPolicy, type OwnProfile } from "./build-policy.ts";
import { isMembers } from "./layered-profile.ts";
import type { Policy } from "./policy.ts";
import { PolicyError } from "./policy-error.ts";
import {
  isShippedProfile,
  profileFile,
  readJson,
  readPolicyFiles,
  shippedFolder,
  shippedProfileFile,
  shippedProfiles,
  type PolicySet,
} from "./policy-set.ts";
import { isOwnProfile, profileFileOf } from "./profile-file.ts";

export { PolicyError } from "./policy-error.ts";

/** A set with the policy it makes. */
export type LoadedPolicy = { readonly set: PolicySet; readonly policy: Policy };

/**
 * Reads a folder.
 * @param named "pilot", "strict", or the path of an operator's own profile, which stands in place of the folder's profile.json;
 *   null where the folder itself has to say what it extends
 * @throws PolicyError naming the file, the JSON Pointer in it, the rule and an example
 */
export function loadPolicySet(named: string | null, folder: string = shippedFolder): LoadedPolicy {
  const files = readPolicyFiles(folder);
  const own = named !== null && isOwnProfile(named) ? ownProfile(named) : undefined;
  const base = baseProfile(files, own === undefined ? named : "strict");
  const policy = buildPolicy({ files, base }, own);
  // What is kept says itself whatever a setting said.
  const set = own === undefined ? { files, base } : { files: { ...files, [profileFile]: {} }, base: own.json };
  return { set, policy };
}

/** As loadPolicySet, without what a version would keep. */
export const loadPolicy = (named: string, folder?: string): Policy => loadPolicySet(named, folder).policy;

function ownProfile(named: string): OwnProfile {
  const { file, name } = profileFileOf(named);
  const json = readJson("/", file);
  if (isMembers(json) && json["profile"] !== name)
    throw new PolicyError(file, "/profile", `says "${String(json["profile"])}", the file is named "${name}"`);
  return { file, json };
}

function baseProfile(files: PolicySet["files"], fallback: string | null): unknown {
  const written = files[profileFile];
  const named = (isMembers(written) && written["extends"]) || fallback;
  if (isShippedProfile(named)) return readJson("/", shippedProfileFile(named));
  const known = shippedProfiles.join(", ");
  const reason =
    named === null
      ? `is required, since whoever activates a folder may have other settings than the desk; known: ${known}; an example: "strict"`
      : `there is no such profile; known: ${known}`;
  throw new PolicyError(profileFile, "/extends", reason);
}
