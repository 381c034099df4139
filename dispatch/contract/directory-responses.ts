// The bodies the directory's commands and queries answer with, as schemas.

import { answeredId, nullable, oneOf, optional, state, Type, type Static } from "./fields.ts";
import type { AccountId, SiteId, TechnicianId, TicketId } from "./ids.ts";

const uuid = () => Type.String({ format: "uuid" });
const time = () => Type.String({ format: "date-time" });
const text = () => Type.String();
const maybe = () => nullable(text());

const kept = {
  external_ref: nullable(Type.Object({ source: text(), id: text() })),
  archived_at: nullable(time()),
  version: Type.Integer({ minimum: 0 }),
  created_at: time(),
  updated_at: time(),
};

const named = { id: answeredId<AccountId>(), name: text() };
const terms = {
  billing: Type.Object({ name: maybe(), email: maybe(), address: maybe(), purchase_order_required: Type.Boolean() }),
  payment_terms_days: nullable(Type.Integer()),
  tax_exempt: Type.Boolean(),
  tax_id: maybe(),
  currency: maybe(),
  default_nte_cents: nullable(Type.Integer()),
  sla: maybe(),
  notes: maybe(),
};
export const account = Type.Object({ ...named, ...terms, ...kept });
export type AccountBody = Static<typeof account>;

/** As technicians' shifts are written. */
export const weeklyHours = Type.Object({ weekdays: Type.Array(Type.Integer()), start_time: text(), end_time: text() });

export const site = Type.Object({
  id: answeredId<SiteId>(),
  account_id: answeredId<AccountId>(),
  name: text(),
  address1: maybe(),
  address2: maybe(),
  city: maybe(),
  region: maybe(),
  postal_code: maybe(),
  country: maybe(),
  timezone: text(),
  lat: nullable(Type.Number()),
  lon: nullable(Type.Number()),
  zone: nullable(text(), "Its own, else its region"),
  tax_region: nullable(text(), "Its own, else its region"),
  access_instructions: maybe(),
  hours: nullable(Type.Array(weeklyHours)),
  holiday_calendar: maybe(),
  ...kept,
});
export type SiteBody = Static<typeof site>;

export const contact = Type.Object({
  id: uuid(),
  account_id: answeredId<AccountId>(),
  site_id: nullable(answeredId<SiteId>()),
  name: text(),
  phone: nullable(text(), "As it was written"),
  phone_e164: nullable(text(), "As it was read; null where it is no number of any country"),
  phone_extension: maybe(),
  email: maybe(),
  role: maybe(),
  is_authorized_requester: Type.Boolean(),
  is_authorized_approver: Type.Boolean(),
  escalation_level: nullable(Type.Integer()),
  notify: Type.Object({ sms: Type.Boolean(), email: Type.Boolean() }),
  ...kept,
});
export type ContactBody = Static<typeof contact>;

export const asset = Type.Object({
  id: uuid(),
  account_id: answeredId<AccountId>(),
  site_id: answeredId<SiteId>(),
  name: text(),
  kind: maybe(),
  make: maybe(),
  model: maybe(),
  serial: maybe(),
  installed_on: maybe(),
  warranty_until: maybe(),
  notes: maybe(),
  ...kept,
});
export type AssetBody = Static<typeof asset>;

/** What an upsert came to, with the names of the fields that differ from before. */
const written = { outcome: oneOf(["created", "changed", "unchanged"]), changed: Type.Array(text()) };
export const accountWritten = Type.Object({ account, ...written });
export const siteWritten = Type.Object({ site, ...written });
export const contactWritten = Type.Object({ contact, ...written });
export const assetWritten = Type.Object({ asset, ...written });

const moved = Type.Object({
  sites: Type.Integer(),
  contacts: Type.Integer(),
  assets: Type.Integer(),
  tickets: Type.Integer(),
});
/** What stays, and how many rows went to it. */
export const siteMerged = Type.Object({ site, moved });
export const accountMerged = Type.Object({ account, moved });

const ticketLine = Type.Object({
  id: answeredId<TicketId>(),
  number: text(),
  state: state(),
  priority: text(),
  incident_type: maybe(),
  summary: text(),
  scheduled_start: nullable(time()),
  created_at: time(),
});

/** A technician reads no terms of the account, and of its sites those of their own work. */
export const accountRead = Type.Object({
  account: Type.Object({
    ...named,
    billing: optional(terms.billing),
    payment_terms_days: optional(terms.payment_terms_days),
    tax_exempt: optional(terms.tax_exempt),
    tax_id: optional(terms.tax_id),
    currency: optional(terms.currency),
    default_nte_cents: optional(terms.default_nte_cents),
    sla: optional(terms.sla),
    notes: optional(terms.notes),
    ...kept,
  }),
  sites: Type.Array(site),
  contacts: Type.Array(contact),
});
export const siteRead = Type.Object({
  site,
  /** Its own first, then those of the whole account. */
  contacts: Type.Array(contact),
  assets: Type.Array(asset),
  open_tickets: Type.Array(ticketLine),
  last_tickets: Type.Array(ticketLine),
});
export const contactRead = Type.Object({ contact });
export const assetRead = Type.Object({
  asset,
  visits: Type.Array(
    Type.Object({
      ticket_id: answeredId<TicketId>(),
      number: text(),
      state: state(),
      incident_type: maybe(),
      summary: text(),
      created_at: time(),
      technician: nullable(Type.Object({ id: answeredId<TechnicianId>(), name: text() })),
      arrived_at: nullable(time()),
      completed_at: nullable(time()),
      /** Why there was nothing to do. */
      no_work: maybe(),
    }),
  ),
});
