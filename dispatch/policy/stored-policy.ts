// A policy from what the database keeps of it: written by this release or an earlier one, whose profile lacks what came since.

import { buildPolicy } from "./build-policy.ts";
import { isMembers, layered } from "./layered-profile.ts";
import type { Policy } from "./policy.ts";
import { PolicyError } from "./policy-error.ts";
import { isShippedProfile, profileFile, readJson, shippedProfileFile } from "./policy-set.ts";

/**
 * @param content a PolicySet as it was stored
 * @throws PolicyError where this release cannot read it
 */
export function buildStoredPolicy(content: Readonly<Record<string, unknown>>): Policy {
  const { files, base } = content;
  if (!isMembers(files)) throw new PolicyError(".", "/files", "a stored version has no files");
  const written = files[profileFile];
  const named = isMembers(written) && "extends" in written ? written["extends"] : isMembers(base) && base["profile"];
  const shipped = readJson("/", shippedProfileFile(isShippedProfile(named) ? named : "strict"));
  return buildPolicy({ files, base: layered(shipped, base) });
}
