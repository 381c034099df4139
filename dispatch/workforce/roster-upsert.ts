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
import { lockAndReadTechnician, upsertTechnician, upsertValues } from "./technicians.ts";

export const rosterUpsert = deskCommand({
  name: "roster.upsert",
  async load(tx, { input: { tech_id: id, active }, clockTime }) {
    if (id === undefined) return { known: null, work: [], booked: [] };
    const [known, work, booked] = await Promise.all([
      lockAndReadTechnician(tx, id, clockTime),
      active === false ? tx.rows(lockWorkOfTechnician, [id]) : [],
      active === false ? [] : loadBookedVisits(tx, id, clockTime),
    ]);
    return { known, work, booked };
  },
  decide(call, { known, work, booked }) {
    const { desk, actor, input, now } = call;
    const { tech_id: _id, ...fields } = input;
    const wanted = changed(known ?? newTechnician(input, now), input);
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
      write: (tx) => [tx.row(upsertTechnician, upsertValues(technician))],
      body: () => ({
        technician,
        ...(given && { requeued: given.requeued, kept: given.kept }),
        ...(beyond && beyond.conflicts.length > 0 && { conflicts: [...beyond.conflicts] }),
      }),
    };
  },
});

type Input = InputOf<"roster.upsert">;

/** @throws Refusal INVALID_REQUEST without a name */
function newTechnician({ tech_id, name }: Input, now: string): TechnicianBody {
  if (name === undefined) throw invalidField("name", "required", "is required: nobody on the roster has this tech_id");
  return {
    id: tech_id ?? newId(Date.parse(now)),
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
