// Who may do which visit, by the rules that slots and the worker go by, as the planner's skills: one word for each kind of
// work in each region, held by everybody who may do it, and one for helping with it.

import { anyService, findInability, type Job } from "../workforce/ability.ts";
import type { AvailabilityRules } from "../workforce/availability.ts";
import { helperJob } from "../workforce/crew.ts";
import type { Person, PlannedVisit } from "./fixed-work.ts";

type Abilities = {
  /** Of whoever leads the visit. */
  needed(visit: PlannedVisit): string;
  neededToHelp(visit: PlannedVisit): string;
  /** Sorted. */
  held(person: Person): string[];
};

export function abilitiesOf(
  people: readonly Person[],
  visits: readonly PlannedVisit[],
  rules: AvailabilityRules,
): Abilities {
  const held = new Map(people.map(({ entry }) => [entry.id, new Set<string>()]));
  const seen = new Set<string>();
  const wordFor = (visit: PlannedVisit, as: "lead" | "helper"): string => {
    const { ticket, stands } = visit;
    const job: Job = as === "lead" ? visit.job : helperJob(visit.job);
    const takenOff = new Set(ticket.not_technicians.map(({ tech_id }) => tech_id));
    const able = ({ entry, calendar }: Person): boolean =>
      !takenOff.has(entry.id) && findInability(calendar, job, rules) === null;
    const booked = as === "lead" ? [stands?.techId] : (stands?.helperIds ?? []);
    const present = people.filter(({ entry }) => booked.includes(entry.id));
    // Whom a person has booked against these rules keeps the work; that it stays possible must not depend on them.
    const exception = takenOff.size > 0 || !present.every(able);
    const kind = `${ticket.incident_type ?? anyService} in ${job.region ?? "any region"}`;
    const work = exception ? `ticket ${ticket.id}` : kind;
    const word = as === "lead" ? work : `help with ${work}`;
    if (seen.has(word)) return word;
    seen.add(word);
    for (const person of people) if (present.includes(person) || able(person)) held.get(person.entry.id)?.add(word);
    return word;
  };
  const needed = new Map(visits.map((visit) => [visit, wordFor(visit, "lead")]));
  const neededToHelp = new Map(
    visits.filter(({ helpers }) => helpers.length > 0).map((visit) => [visit, wordFor(visit, "helper")]),
  );
  return {
    needed: (visit) => needed.get(visit) ?? anyService,
    neededToHelp: (visit) => neededToHelp.get(visit) ?? anyService,
    held: ({ entry }) => [...(held.get(entry.id) ?? [])].sort(),
  };
}
