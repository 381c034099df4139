// The demo's account, site, contact and roster: fixed ids, so that every bootstrap finds and refreshes the same rows. What a command
// has changed since is the desk's own, whose events vouch for it, and stays as it is.

import { statement } from "../../db/statement.ts";
import type { Database } from "../../db/pool.ts";
import { CommandFailure } from "../../process/command-line.ts";
import type { Settings } from "../../process/settings.ts";

const contactId = "a4c52c1e-3c0d-4f0b-9f3e-333333333333";
const technicianId = (n: number): string => `5e1d3a00-0000-4000-8000-${String(n).padStart(12, "0")}`;
/** Ana Alvarez. */
export const demoTechnicianId = technicianId(1);
const shiftId = (n: number, weekday: number): string =>
  `5e1d3a01-0000-4000-8000-${String(n * 10 + weekday).padStart(12, "0")}`;

type Technician = {
  readonly name: string;
  readonly zone: string;
  readonly home: readonly [number, number];
  readonly services: readonly string[];
  readonly skills: readonly string[];
  readonly tools: readonly string[];
  readonly quality: number;
  readonly hours: readonly [string, string];
  readonly lunch?: readonly [string, string];
  /** Hours in which only emergencies may call. */
  readonly onCall?: readonly [string, string];
};

const door = ["door_hardware"];
const glass = ["glazing", "door_hardware"];
const auto = ["auto_operator", "door_hardware"];
const oakland = [37.8044, -122.2712] as const;
const berkeley = [37.8716, -122.2727] as const;
const sanJose = [37.3382, -121.8863] as const;
const reno = [39.5296, -119.8138] as const;

/** Twelve people in two zones: some do everything, some one thing, some start early, some work through the night, one is on call. */
const technicians: readonly Technician[] = [
  {
    name: "Ana Alvarez",
    zone: "CA",
    home: oakland,
    services: ["DEFAULT"],
    skills: [...glass, ...auto],
    tools: ["multimeter", "glass_lifter"],
    quality: 92,
    hours: ["07:00", "15:00"],
  },
  {
    name: "Ben Okafor",
    zone: "CA",
    home: oakland,
    services: ["DEFAULT"],
    skills: [...glass, ...auto],
    tools: ["multimeter"],
    quality: 84,
    hours: ["14:00", "22:00"],
  },
  {
    name: "Carla Nguyen",
    zone: "CA",
    home: berkeley,
    services: ["DEFAULT"],
    skills: [...glass, ...auto],
    tools: ["multimeter", "glass_lifter"],
    quality: 78,
    hours: ["21:00", "07:00"],
  },
  {
    name: "Dev Patel",
    zone: "CA",
    home: berkeley,
    services: ["DOOR_WONT_LATCH", "CLOSER_LEAKING_OR_SLAMMING", "HARDWARE_REPLACEMENT"],
    skills: door,
    tools: [],
    quality: 70,
    hours: ["08:00", "16:00"],
    lunch: ["12:00", "12:30"],
  },
  {
    name: "Elif Demir",
    zone: "CA",
    home: sanJose,
    services: ["AUTO_OPERATOR_FAULT"],
    skills: auto,
    tools: ["multimeter"],
    quality: 88,
    hours: ["08:00", "16:00"],
  },
  {
    name: "Farid Haddad",
    zone: "CA",
    home: sanJose,
    services: ["FRAME_OR_GLASS_DAMAGE", "CANNOT_SECURE_ENTRY"],
    skills: glass,
    tools: ["glass_lifter"],
    quality: 81,
    hours: ["06:00", "14:00"],
  },
  {
    name: "Grace Kim",
    zone: "CA",
    home: oakland,
    services: ["CANNOT_SECURE_ENTRY", "DOOR_WONT_LATCH"],
    skills: glass,
    tools: [],
    quality: 66,
    hours: ["12:00", "20:00"],
  },
  {
    name: "Hugo Silva",
    zone: "CA",
    home: berkeley,
    services: ["HARDWARE_REPLACEMENT"],
    skills: door,
    tools: [],
    quality: 59,
    hours: ["09:00", "17:00"],
    lunch: ["12:30", "13:00"],
  },
  {
    name: "Ines Moreau",
    zone: "NV",
    home: reno,
    services: ["DEFAULT"],
    skills: [...glass, ...auto],
    tools: ["multimeter", "glass_lifter"],
    quality: 90,
    hours: ["07:00", "15:00"],
    onCall: ["23:00", "07:00"],
  },
  {
    name: "Jonas Weber",
    zone: "NV",
    home: reno,
    services: ["DEFAULT"],
    skills: [...glass, ...auto],
    tools: ["multimeter"],
    quality: 73,
    hours: ["15:00", "23:00"],
  },
  {
    name: "Kofi Mensah",
    zone: "NV",
    home: reno,
    services: ["DOOR_WONT_LATCH", "CANNOT_SECURE_ENTRY"],
    skills: glass,
    tools: [],
    quality: 64,
    hours: ["08:00", "16:00"],
  },
  {
    name: "Lena Novak",
    zone: "NV",
    home: reno,
    services: ["AUTO_OPERATOR_FAULT"],
    skills: auto,
    tools: ["multimeter"],
    quality: 77,
    hours: ["10:00", "18:00"],
  },
];

const weekdays = [1, 2, 3, 4, 5, 6, 7];
const timezone = "America/Los_Angeles";

const upsertAccount = statement(
  "demo_account",
  `WITH made AS (
     INSERT INTO accounts (id, name) VALUES ($1, 'Demo Home Services')
     ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE accounts.audit_seq = 0 RETURNING id, name
   )
   SELECT id, name FROM made UNION ALL
   SELECT id, name FROM accounts WHERE id = $1 AND NOT EXISTS (SELECT FROM made)`,
);
const upsertSite = statement(
  "demo_site",
  `WITH made AS (
     INSERT INTO sites (id, account_id, name, address1, city, region, postal_code, country, timezone, access_instructions, lat, lon)
     VALUES ($1, $2, 'Demo Site North', '100 Demo Drive', 'Oakland', 'CA', '94607', 'US', $3,
             'Enter by the loading dock; the front desk has the key.', 37.8044, -122.2712)
     ON CONFLICT (id) DO UPDATE
     SET account_id = excluded.account_id, name = excluded.name, address1 = excluded.address1, city = excluded.city,
         region = excluded.region, postal_code = excluded.postal_code, country = excluded.country,
         timezone = excluded.timezone, access_instructions = excluded.access_instructions, lat = excluded.lat, lon = excluded.lon
     WHERE sites.audit_seq = 0
     RETURNING id, account_id, name, address1, city, region, postal_code
   )
   SELECT id, account_id, name, address1, city, region, postal_code FROM made UNION ALL
   SELECT id, account_id, name, address1, city, region, postal_code FROM sites WHERE id = $1 AND NOT EXISTS (SELECT FROM made)`,
);
const upsertContact = statement(
  "demo_contact",
  `WITH made AS (
     INSERT INTO contacts (id, account_id, site_id, name, phone, role, is_authorized_requester, escalation_level)
     VALUES ($1, $2, $3, 'Dispatcher Front Desk', '5105550100', 'front desk', true, 1)
     ON CONFLICT (id) DO UPDATE
     SET account_id = excluded.account_id, site_id = excluded.site_id, name = excluded.name, phone = excluded.phone
     WHERE contacts.audit_seq = 0
     RETURNING id, name, role
   )
   SELECT id, name, role FROM made UNION ALL
   SELECT id, name, role FROM contacts WHERE id = $1 AND NOT EXISTS (SELECT FROM made)`,
);
const upsertTechnician = statement(
  "demo_technician",
  `INSERT INTO technicians (id, name, zone, home_lat, home_lon, service_types, skills, tools, quality)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
   ON CONFLICT (id) DO UPDATE
   SET name = excluded.name, zone = excluded.zone, home_lat = excluded.home_lat, home_lon = excluded.home_lon,
       service_types = excluded.service_types, skills = excluded.skills, tools = excluded.tools, quality = excluded.quality,
       more_zones = '{}', active = true, drained_at = NULL, drain_reason = NULL`,
);
const deleteShifts = statement("demo_shifts_delete", `DELETE FROM technician_shifts WHERE technician_id = $1`);
const insertShift = statement(
  "demo_shift",
  `INSERT INTO technician_shifts (id, technician_id, weekday, starts, ends, timezone, breaks, on_call)
   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
);
const selectCounts = statement(
  "demo_counts",
  `SELECT (SELECT count(*) FROM accounts) AS accounts, (SELECT count(*) FROM sites) AS sites,
          (SELECT count(*) FROM contacts) AS contacts, (SELECT count(*) FROM tickets) AS tickets,
          (SELECT count(*) FROM audit_events) AS audit_events`,
);

/**
 * A company with rules of its own has customers and technicians of its own.
 * @throws CommandFailure where the settings are of such a desk
 */
export function refuseOwnDesk({ policyDir }: Settings): void {
  if (policyDir === null) return;
  throw new CommandFailure(
    `The demo's customers and technicians are not for a desk with rules of its own (DISPATCH_POLICY_DIR is ${policyDir}). ` +
      "pnpm dispatch:import brings yours; for the demo, use a shell without that desk's settings.",
  );
}

/** Makes or refreshes the demo's rows, but for those that a command changed, in one transaction, and tells what there is now. */
export async function upsertFixtures(db: Database, settings: Settings) {
  refuseOwnDesk(settings);
  const { demoAccountId: accountId, demoSiteId: siteId } = settings;
  return db.transaction(async (tx) => {
    const [account, site, contact] = await Promise.all([
      tx.row(upsertAccount, [accountId]),
      tx.row(upsertSite, [siteId, accountId, timezone]),
      tx.row(upsertContact, [contactId, accountId, siteId]),
      ...technicians.flatMap((one, index) =>
        technicianStatements(one, index + 1).map(([sql, values]) => tx.row(sql, values)),
      ),
    ]);
    const [counts] = await Promise.all([tx.row(selectCounts), tx.commit()]);
    return {
      fixtures: {
        account_id: accountId,
        site_id: siteId,
        account,
        site,
        contact,
        technicians: technicians.map(({ name, zone, skills, hours, onCall }, index) => ({
          id: technicianId(index + 1),
          name,
          zone,
          skills,
          shift: hours.join("-"),
          ...(onCall && { on_call: onCall.join("-") }),
        })),
      },
      counts,
    };
  });
}

function technicianStatements(one: Technician, n: number) {
  const id = technicianId(n);
  const skills = [...new Set(one.skills)];
  const breaks = JSON.stringify(one.lunch ? [{ start: one.lunch[0], end: one.lunch[1] }] : []);
  const { onCall } = one;
  return [
    [upsertTechnician, [id, one.name, one.zone, ...one.home, one.services, skills, one.tools, one.quality]] as const,
    [deleteShifts, [id]] as const,
    ...weekdays.map(
      (weekday) => [insertShift, [shiftId(n, weekday), id, weekday, ...one.hours, timezone, breaks, false]] as const,
    ),
    ...(onCall
      ? weekdays.map(
          (weekday) =>
            [insertShift, [shiftId(100 + n, weekday), id, weekday, ...onCall, timezone, "[]", true]] as const,
        )
      : []),
  ];
}
