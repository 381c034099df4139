// A small town and two vans, for the tests of plans: technicians and sites at places of the map, and tickets booked on a day
// so that one can see at a glance what would be better.

import { randomUUID } from "node:crypto";
import type { TechnicianId, TicketId } from "../../dispatch/contract/ids.ts";
import type { TestApi } from "./api.ts";
import { acme, allSkills } from "./directory.ts";
import { ticketIn } from "./ticket-builder.ts";

/** Two days after the test clock's morning: a Wednesday. */
export const day = "2026-03-04";
export const at = (time: string): string => `${day}T${time}:00.000Z`;

/** West and east lie some 47 minutes apart, each with its own van. */
export const west = { lat: 37.8, lon: -122.4 };
export const east = { lat: 37.8, lon: -122.15 };

type Point = { readonly lat: number; readonly lon: number };

export async function siteAt(api: TestApi, { lat, lon }: Point, accountId = acme.id): Promise<string> {
  const id = randomUUID();
  await api.owner.query(
    `INSERT INTO sites (id, account_id, name, city, region, lat, lon) VALUES ($1, $2, 'Shop', 'Town', 'CA', $3, $4)`,
    [id, accountId, lat, lon],
  );
  return id;
}

export async function vanAt(
  api: TestApi,
  name: string,
  home: Point,
  hours: readonly [string, string] = ["08:00", "17:00"],
): Promise<TechnicianId> {
  const { technician } = await api.run("roster.upsert", {
    body: { name, home, zone: "CA", skills: allSkills, tools: ["multimeter", "glass_lifter"] },
  });
  const shifts = [{ weekdays: [1, 2, 3, 4, 5, 6, 7], start_time: hours[0], end_time: hours[1], time_zone: "UTC" }];
  await api.run("roster.set_shifts", { technician: technician.id, body: { shifts } });
  return technician.id;
}

/** Nobody but the test's own vans works. */
export async function emptyRoster(api: TestApi): Promise<void> {
  await api.owner.query("UPDATE technicians SET active = false");
}

/** A ticket that the desk booked on somebody for a time of the day; an hour and a half of work. */
export async function bookedAt(
  api: TestApi,
  site: string,
  techId: string,
  time: string,
  accountId = acme.id,
): Promise<TicketId> {
  const { id } = await ticketIn(api, "READY_TO_SCHEDULE", { siteId: site, accountId });
  const until = new Date(Date.parse(at(time)) + 90 * 60_000).toISOString();
  await api.run("schedule.book", { ticket: id, body: { tech_id: techId, earliest: at(time), latest: until } });
  return id;
}

export type CrossedDay = {
  readonly westVan: TechnicianId;
  readonly eastVan: TechnicianId;
  readonly westTicket: TicketId;
  readonly eastTicket: TicketId;
  readonly westSite: string;
  readonly eastSite: string;
};

/** Each van is booked on the other's side of town: both drives can be saved. */
export async function crossedDay(api: TestApi): Promise<CrossedDay> {
  await emptyRoster(api);
  const [westVan, eastVan] = [await vanAt(api, "West Van", west), await vanAt(api, "East Van", east)];
  const [westSite, eastSite] = [await siteAt(api, west), await siteAt(api, east)];
  const westTicket = await bookedAt(api, westSite, eastVan, "10:00");
  const eastTicket = await bookedAt(api, eastSite, westVan, "10:00");
  return { westVan, eastVan, westTicket, eastTicket, westSite, eastSite };
}

/** A proposal that would give at least one ticket a time; made in a blink. */
export async function anyProposal(api: TestApi, more: object = {}) {
  await ticketIn(api, "READY_TO_SCHEDULE");
  return (await api.run("plan.optimize", { body: { day, iterations: 1, ...more } })).plan;
}
