// roster.upsert: adds a technician, or changes the given fields of one who is there. Who is taken off the roster gives back
// what they have not begun, as with a sign-off; of whom less is said than before, the answer names the visits they are booked for
// and can no longer do.

import type { InputOf } from "../contract/index.ts";
import type { TechnicianBody } from "../contract/roster-responses.ts";
import { concernsOf } from "../kernel/aggregate.ts";
import { newId } from "../kernel/clock.ts";
import { deskCommand } from "../kernel/desk-chain.ts";
import { invalidField } from "../kernel/refusal.ts";
import { beyondAbility, beyondAbilityWarning, loadBookedVisits } from "./beyond-ability.ts";
import { giveBack } from "./give-back.ts";
import { lockWorkOfTechnician } from "./requeue.ts";
import { eachOnce, withFirst } from "./zones-of-technician.ts";
import {
  lockAndReadTechnician,
  nameTechnician,
  selectFreeSlug,
  selectSlugOwner,
  upsertTechnician,
  upsertValues,
} from "./technicians.ts";

export const rosterUpsert = deskCommand({
  name: "roster.upsert",
  // An agent may take a slug at the same moment.
  races: ["worker_slugs_pkey"],
  async load(tx, { input: { tech_id: id, active, name, slug }, clockTime }) {
    const [known, work, booked, free, owner] = await Promise.all([
      id === undefined ? null : lockAndReadTechnician(tx, id, clockTime),
      id !== undefined && active === false ? tx.rows(lockWorkOfTechnician, [id]) : [],
      id === undefined || active === false ? [] : loadBookedVisits(tx, id, clockTime),
      name === undefined ? null : tx.row(selectFreeSlug, [name]),
      slug === undefined ? null : tx.row(selectSlugOwner, [slug]),
    ]);
    return { known, work, booked, free, owner };
  },
  decide(call, { known, work, booked, free, owner }) {
    const { desk, actor, input, now } = call;
    const { tech_id: _id, ...fields } = input;
    if (input.slug !== undefined) requireOwnSlug(input.slug, known, owner !== null);
    const wanted = changed(known ?? newTechnician(input, free?.slug ?? "", now), input);
    const told = { technician_id: wanted.id, reason: "no longer works here" };
    const given =
      known !== null && input.active === false ? giveBack({ ...call, techId: wanted.id }, work, told) : null;
    const about = { actor, desk };
    const beyond = known ? beyondAbility({ before: known, after: wanted }, booked, about) : null;
    const technician = given ? { ...wanted, open_tickets: given.openTickets } : wanted;
    return {
      payload: { technician_id: technician.id, created: known === null, ...fields, ...given?.payload },
      ...(given && { related: given.related, concerns: given.concerns }),
      ...(beyond &&
        beyond.visits.length > 0 && {
          concerns: concernsOf(beyond.visits),
          warnings: [beyondAbilityWarning(wanted, beyond.visits)],
        }),
      write: (tx) => [
        tx.row(upsertTechnician, upsertValues(technician)),
        ...(known === null ? [tx.row(nameTechnician, [technician.id, technician.slug])] : []),
      ],
      body: () => ({
        technician,
        ...(given && { requeued: given.requeued, kept: given.kept }),
        ...(beyond && beyond.conflicts.length > 0 && { conflicts: [...beyond.conflicts] }),
      }),
    };
  },
});

type Input = InputOf<"roster.upsert">;

/**
 * Tasks name their worker by it: whoever has one keeps it.
 * @throws Refusal INVALID_REQUEST
 */
function requireOwnSlug(slug: string, known: TechnicianBody | null, isTaken: boolean): void {
  if (known !== null && known.slug !== slug)
    throw invalidField("slug", "fixed", `is ${known.slug} for good, since tasks name them by it: leave it out`);
  if (known === null && isTaken)
    throw invalidField(
      "slug",
      "unique",
      "is another worker's, an agent's or a technician's: choose another, or leave it out, and one is made of the name",
    );
}

/** @throws Refusal INVALID_REQUEST without a name */
function newTechnician({ tech_id, name, slug }: Input, free: string, now: string): TechnicianBody {
  if (name === undefined) throw invalidField("name", "required", "is required: nobody on the roster has this tech_id");
  return {
    id: tech_id ?? newId(Date.parse(now)),
    slug: slug ?? free,
    name,
    active: true,
    provider_id: null,
    home_lat: null,
    home_lon: null,
    zone: null,
    zones: [],
    service_types: ["DEFAULT"],
    skills: [],
    tools: [],
    abilities_on_record: false,
    quality: 50,
    base_load: 0,
    max_concurrent: 3,
    room: null,
    drained_at: null,
    drain_reason: null,
    open_tickets: 0,
    shifts: [],
    time_off: [],
  };
}

function changed(before: TechnicianBody, { tech_id: _id, home, ...fields }: Input): TechnicianBody {
  const zones = zonesNow(before, fields);
  const place = home === undefined ? {} : { home_lat: home?.lat ?? null, home_lon: home?.lon ?? null };
  const told = fields.skills !== undefined || fields.tools !== undefined;
  const where = { zones, zone: zones[0] ?? null };
  return { ...before, ...fields, ...where, ...place, ...(told && { abilities_on_record: true }) };
}

/** @throws Refusal INVALID_REQUEST where `zone` and `zones` say different things of the first */
function zonesNow(before: TechnicianBody, { zone, zones }: Pick<Input, "zone" | "zones">): string[] {
  if (zones === undefined) return zone === undefined ? before.zones : withFirst(before.zones, zone);
  if (zone !== undefined && zone !== (zones[0] ?? null))
    throw invalidField(
      "zones",
      "first",
      "must begin with what zone says: leave zone away, which is the first of zones",
    );
  return eachOnce(zones);
}
