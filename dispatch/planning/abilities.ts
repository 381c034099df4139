// Who may do which visit, by the rules that slots and the worker go by, as the planner's skills: one word for each kind of
// work in each region, held by everybody who may do it.

import { anyService, findInability } from "../workforce/ability.ts";
import type { AvailabilityRules } from "../workforce/availability.ts";
import type { Person, PlannedVisit } from "./fixed-work.ts";

type Abilities = {
  needed(visit: PlannedVisit): string;
  /** Sorted. */
  held(person: Person): string[];
};

export function abilitiesOf(
  people: readonly Person[],
  visits: readonly PlannedVisit[],
  rules: AvailabilityRules,
): Abilities {
  const held = new Map(people.map(({ entry }) => [entry.id, new Set<string>()]));
  const needed = new Map<string, string>();
  const seen = new Set<string>();
  for (const visit of visits) {
    const { ticket, job, stands } = visit;
    const takenOff = new Set(ticket.not_technicians.map(({ tech_id }) => tech_id));
    const able = ({ entry, calendar }: Person): boolean =>
      !takenOff.has(entry.id) && findInability(calendar, job, rules) === null;
    const present = people.find(({ entry }) => entry.id === stands?.techId);
    // Whom a person has booked against these rules keeps the work; that it stays possible must not depend on them.
    const exception = takenOff.size > 0 || (present && !able(present));
    const word = exception
      ? `ticket ${ticket.id}`
      : `${ticket.incident_type ?? anyService} in ${job.region ?? "any region"}`;
    needed.set(ticket.id, word);
    if (seen.has(word)) continue;
    seen.add(word);
    for (const person of people) if (person === present || able(person)) held.get(person.entry.id)?.add(word);
  }
  return {
    needed: ({ ticket }) => needed.get(ticket.id) ?? anyService,
    held: ({ entry }) => [...(held.get(entry.id) ?? [])].sort(),
  };
}
