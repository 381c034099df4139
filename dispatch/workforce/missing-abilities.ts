// What an incident type asks for and nobody who works here has: no search for a time will ever find anybody.

import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import type { Policy } from "../policy/policy.ts";

type Abilities = { readonly skills: readonly string[]; readonly tools: readonly string[] };

const selectAbilities = statement<Abilities>("abilities_select", `SELECT skills, tools FROM technicians WHERE active`);

/** What the type requires and none of these people has; null when somebody has each of them, or nothing is required. */
export function missingAbilities(incidentType: string | null, policy: Policy, people: readonly Abilities[]): Abilities | null {
  const type = incidentType === null ? undefined : policy.incidentTypes[incidentType];
  const skills = type?.requiredSkills.filter((skill) => !people.some((one) => one.skills.includes(skill))) ?? [];
  const tools = type?.requiredTools.filter((tool) => !people.some((one) => one.tools.includes(tool))) ?? [];
  return skills.length + tools.length === 0 ? null : { skills, tools };
}

/** As missingAbilities, of everybody on the roster who works here. */
export async function loadMissingAbilities(db: Session, incidentType: string, policy: Policy): Promise<Abilities | null> {
  const type = policy.incidentTypes[incidentType];
  if (!type || type.requiredSkills.length + type.requiredTools.length === 0) return null;
  return missingAbilities(incidentType, policy, await db.rows(selectAbilities));
}

/** A sentence for each, for whoever wonders why nobody is found. */
export const abilityWarnings = ({ skills, tools }: Abilities): string[] => [
  ...skills.map((name) => `Nobody on the roster has the skill ${name}, which this incident type requires.`),
  ...tools.map((name) => `Nobody on the roster carries the tool ${name}, which this incident type requires.`),
];
