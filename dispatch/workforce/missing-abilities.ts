// What an incident type asks for and nobody who works here has: no search for a time will ever find anybody.

import type { Warning } from "../contract/warnings.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import { ofIncidentType } from "../policy/incident-type.ts";
import type { Policy } from "../policy/policy.ts";
import { isTakenForAble, matchesCapability, type Abilities } from "./ability.ts";
import { zonesOf } from "./zones-of-technician.ts";

type Person = Pick<Abilities, "serviceTypes" | "skills" | "tools" | "abilitiesOnRecord">;
export type MissingAbilities = {
  readonly services: readonly string[];
  readonly skills: readonly string[];
  readonly tools: readonly string[];
};

export const selectAbilities = statement<Required<Person> & Pick<Abilities, "zones"> & { readonly drained: boolean }>(
  "abilities_select",
  `SELECT ${zonesOf("r")} AS zones, service_types AS "serviceTypes", skills, tools, abilities_on_record AS "abilitiesOnRecord",
          drained_at IS NOT NULL AS drained
   FROM technicians r WHERE active`,
);

/** What the type asks for and none of these people has; null when somebody has each of them. */
export function missingAbilities(
  incidentType: string,
  policy: Policy,
  people: readonly Person[],
): MissingAbilities | null {
  const { requiredSkills = [], requiredTools = [] } = ofIncidentType(policy.incidentTypes, incidentType) ?? {};
  const services = people.some(({ serviceTypes }) => matchesCapability(serviceTypes, incidentType))
    ? []
    : [incidentType];
  const anybody = people.some((one) => isTakenForAble(one, policy));
  const skills = requiredSkills.filter((skill) => !anybody && !people.some((one) => one.skills.includes(skill)));
  const tools = requiredTools.filter((tool) => !anybody && !people.some((one) => one.tools.includes(tool)));
  return services.length + skills.length + tools.length === 0 ? null : { services, skills, tools };
}

/** As missingAbilities, of everybody on the roster who works here. */
export const loadMissingAbilities = async (
  db: Session,
  incidentType: string,
  policy: Policy,
): Promise<MissingAbilities | null> => missingAbilities(incidentType, policy, await db.rows(selectAbilities));

/** One for each, for whoever wonders why nobody is found; none when nothing is missing. */
export const abilityWarnings = (missing: MissingAbilities | null): Warning[] =>
  [
    ...(missing?.services ?? []).map((name) => `Nobody on the roster does ${name}.`),
    ...(missing?.skills ?? []).map(
      (name) => `Nobody on the roster has the skill ${name}, which this incident type requires.`,
    ),
    ...(missing?.tools ?? []).map(
      (name) => `Nobody on the roster carries the tool ${name}, which this incident type requires.`,
    ),
  ].map((message) => ({ code: "NOBODY_ABLE", message }));
