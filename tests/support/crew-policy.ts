// A policy under which some kind of work takes more than one person at once, as a company's own may say.

import { loadPolicy } from "../../dispatch/policy/load.ts";
import type { Policy } from "../../dispatch/policy/policy.ts";
import type { Profile } from "./api.ts";

export function policyWithCrews(profile: Profile, people: Readonly<Record<string, number>>): Policy {
  const policy = loadPolicy(profile);
  const changed = Object.entries(people).flatMap(([name, crewSize]) => {
    const type = policy.incidentTypes[name];
    return type ? [[name, { ...type, crewSize }] as const] : [];
  });
  return { ...policy, incidentTypes: { ...policy.incidentTypes, ...Object.fromEntries(changed) } };
}
