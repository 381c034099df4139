// The bodies the roster's commands and query answer with, as schemas.

import { answeredId, localTime, nullable, state, Type, type Static } from "./fields.ts";
import type { ProviderId, ReceiptId, TechnicianId, TicketId } from "./ids.ts";

const uuid = () => Type.String({ format: "uuid" });
const time = () => Type.String({ format: "date-time" });
const text = () => Type.String();
const texts = () => Type.Array(text());
const count = () => Type.Integer({ minimum: 0 });

export const shiftPattern = Type.Object({
  weekdays: Type.Array(Type.Integer()),
  start_time: text(),
  end_time: text(),
  time_zone: text(),
  breaks: Type.Array(Type.Object({ start: text(), end: text(), minutes: Type.Optional(count()) })),
  valid_from: nullable(text()),
  valid_to: nullable(text()),
  on_call: Type.Boolean(),
});

const timeOff = Type.Object({ id: uuid(), start: time(), end: time(), reason: nullable(text()) });

export const technician = Type.Object({
  id: answeredId<TechnicianId>(),
  /** By which desk tasks name them. */
  slug: text(),
  name: text(),
  active: Type.Boolean(),
  provider_id: nullable(answeredId<ProviderId>()),
  home_lat: nullable(Type.Number()),
  home_lon: nullable(Type.Number()),
  zone: nullable(text(), "The first of zones"),
  zones: Type.Array(text(), { description: "Where they work, the usual one first" }),
  service_types: texts(),
  skills: texts(),
  tools: texts(),
  /** False when nobody has said which skills and tools this technician has, which is not the same as none. */
  abilities_on_record: Type.Boolean(),
  quality: count(),
  base_load: count(),
  max_concurrent: count(),
  room: nullable(text()),
  drained_at: nullable(time()),
  drain_reason: nullable(text()),
  /** Work that is under way or on its way to be. */
  open_tickets: count(),
  shifts: Type.Array(shiftPattern),
  /** What has not passed yet. */
  time_off: Type.Array(timeOff),
});
export type TechnicianBody = Static<typeof technician>;

export const roster = Type.Object({ technicians: Type.Array(technician), generated_at: time() });
export const changedTechnician = Type.Object({ technician });

/** A booking that the change leaves standing although the technician is not there then. */
const conflict = Type.Object({
  ticket_id: answeredId<TicketId>(),
  start: time(),
  end: time(),
  start_local: localTime(),
  end_local: localTime(),
  /** Of the site, whose clock the local times are read on. */
  timezone: text(),
  /** Of a visit in parts, which of how many. */
  part: Type.Optional(count()),
  of: Type.Optional(count()),
  /** What they lack for it now, where that is why. */
  detail: Type.Optional(text()),
});
export type BookingConflict = Static<typeof conflict>;
export const changedCalendar = Type.Object({ technician, conflicts: Type.Array(conflict) });

const keptWork = Type.Object({ ticket_id: answeredId<TicketId>(), state: state() });
export const requeuedWork = Type.Object({
  ...keptWork.properties,
  previous_state: state(),
  scheduled_start: nullable(time()),
  scheduled_end: nullable(time()),
  scheduled_start_local: Type.Optional(localTime()),
  scheduled_end_local: Type.Optional(localTime()),
  timezone: Type.Optional(text()),
  receipt_id: answeredId<ReceiptId>(),
});
export type KeptWork = Static<typeof keptWork>;
export type RequeuedWork = Static<typeof requeuedWork>;
/** With active false: what went back to the queue, and what they have begun and keep; else visits that are beyond them from now on. */
export const upserted = Type.Object({
  technician,
  conflicts: Type.Optional(Type.Array(conflict)),
  requeued: Type.Optional(Type.Array(requeuedWork)),
  kept: Type.Optional(Type.Array(keptWork)),
});
export const signedOff = Type.Object({ technician, requeued: Type.Array(requeuedWork), kept: Type.Array(keptWork) });
