// Whether a folder could come into force.

import { resolve } from "node:path";
import { currenciesOf } from "../../policy/price-books.ts";
import { loadPolicySet } from "../../policy/load.ts";
import type { Said } from "./said.ts";

/** @throws PolicyError with what is wrong */
export function checkFolder(dir: string): Said {
  const folder = resolve(dir);
  const { policy } = loadPolicySet(null, folder);
  const types = Object.keys(policy.incidentTypes).sort();
  return {
    result: { ok: true, folder, profile: policy.profile, hash: policy.policyHash, incident_types: types },
    lines: [
      `${folder} is well: profile ${policy.profile}, prices in ${currenciesOf(policy).join(" and ")}, ${types.length} kinds of work`,
      `kinds of work: ${types.join(", ")}`,
      `hash ${policy.policyHash}`,
    ],
  };
}
