// The directory's commands; see case.ts.

import type { directoryCommands } from "../../../dispatch/contract/directory-commands.ts";
import type { TestApi } from "../../support/api.ts";
import { acme, borealis } from "../../support/directory.ts";
import type { CasesFor } from "./case.ts";

const facts = { from: [], to: [], status: 200 } as const;
const oakland = { account_id: acme.id, name: "Acme Pier" };
const kim = { account_id: acme.id, name: "Kim Lee" };
const door = { site_id: acme.oakland, name: "Back door" };
const week = { weekdays: [1, 2, 3], start_time: "08:00", end_time: "24:00" };

/** What every kind refuses alike. */
const badRefs = [
  [{ external_ref: { source: "odoo" } }, "external_ref"],
  [{ external_ref: { source: "", id: "7" } }, "external_ref"],
  [{ external_ref: "odoo:7" }, "external_ref"],
  [{ restore: "yes" }, "restore"],
  [{ expected_version: -1 }, "expected_version"],
  [{ name: undefined }, "name"],
  [{ name: " " }, "name"],
  [{ name: "x".repeat(201) }, "name"],
] as const;

const gone = { body: { reason: "no longer there" } };
const badReasons = [
  [{ reason: undefined }, "reason"],
  [{ reason: " " }, "reason"],
  [{ reason: "x".repeat(2_001) }, "reason"],
  [{ expected_version: "1" }, "expected_version"],
] as const;
const archive = {
  ...facts,
  roles: ["dispatcher"],
  body: () => gone.body,
  fields: { good: [gone.body], bad: badReasons },
} as const;
const into = { into: acme.dallas, reason: "entered twice" };
const merge = {
  ...facts,
  roles: ["dispatcher"],
  body: () => ({ reason: "entered twice", into: acme.dallas }),
  eventsBeside: 1,
  fields: { good: [into], bad: [...badReasons, [{ into: undefined }, "into"], [{ into: "the other" }, "into"]] },
} as const;

/** An account with a site and no work. */
async function madeIn(api: TestApi): Promise<{ account: string; site: string }> {
  const { account } = await api.run("account.upsert", { body: { name: "Short-lived" } });
  const { site } = await api.run("site.upsert", { body: { account_id: account.id, name: "Pier" } });
  return { account: account.id, site: site.id };
}

export const directoryCases = {
  "account.upsert": {
    ...facts,
    path: "/accounts",
    roles: ["dispatcher", "finance"],
    body: () => ({ name: "New Customer" }),
    inChat: { name: "New Customer", payment_terms_days: 30 },
    fields: {
      good: [
        { name: "New Customer" },
        {
          name: "Whole",
          billing: { name: "AP", email: "ap@Acme.example", address: "1 Main St\nReno", purchase_order_required: true },
          payment_terms_days: 120,
          tax_exempt: true,
          tax_id: "94-1234567",
          currency: "usd",
          default_nte_cents: 0,
          sla: "gold",
          notes: "Ring twice.",
        },
        { name: "Bare", billing: null, payment_terms_days: null, tax_id: null, currency: null, notes: null, sla: null },
      ],
      bad: [
        ...badRefs,
        [{ account_id: "acme" }, "account_id"],
        [{ billing: "AP" }, "billing"],
        [{ billing: { email: "nobody" } }, "billing"],
        [{ payment_terms_days: 121 }, "payment_terms_days"],
        [{ payment_terms_days: -1 }, "payment_terms_days"],
        [{ tax_exempt: "no" }, "tax_exempt"],
        [{ currency: "DOLLARS" }, "currency"],
        [{ currency: "QQQ" }, "currency"],
        [{ currency: "EUR" }, "currency"],
        [{ default_nte_cents: -1 }, "default_nte_cents"],
      ],
    },
    scope: { by: "named", send: () => ({ body: { account_id: borealis.id, name: "Ours now" } }) },
  },
  "site.upsert": {
    ...facts,
    path: "/sites",
    roles: ["dispatcher"],
    body: () => oakland,
    inChat: { account_id: acme.name, name: "Acme Pier", city: "Oakland" },
    fields: {
      good: [
        oakland,
        {
          ...oakland,
          address1: "1 Pier",
          address2: "Floor 2",
          city: "Oakland",
          region: "CA",
          postal_code: "94607",
          country: "us",
          timezone: "America/Los_Angeles",
          lat: -90,
          lon: 180,
          zone: "BAY",
          tax_region: "CA",
          access_instructions: "Dock 4",
          hours: [week, { weekdays: [7], start_time: "22:00", end_time: "06:00" }],
          holiday_calendar: null,
        },
        { ...oakland, hours: null, zone: null, lat: null, timezone: null },
      ],
      bad: [
        ...badRefs,
        [{ account_id: undefined }, "account_id"],
        [{ site_id: "north" }, "site_id"],
        [{ country: "ZZ" }, "country"],
        [{ country: "USA" }, "country"],
        [{ timezone: "Oakland" }, "timezone"],
        [{ timezone: "PST" }, "timezone"],
        [{ lat: 91 }, "lat"],
        [{ lon: -181 }, "lon"],
        [{ hours: [] }, "hours"],
        [{ hours: [{ ...week, weekdays: [8] }] }, "hours"],
        [{ hours: [{ ...week, end_time: "24:01" }] }, "hours"],
        [{ hours: [{ ...week, start_time: "24:00" }] }, "hours"],
        [{ holiday_calendar: "nowhere" }, "holiday_calendar"],
      ],
    },
    scope: { by: "named", send: () => ({ body: { site_id: borealis.albany, name: "Ours now" } }) },
  },
  "contact.upsert": {
    ...facts,
    path: "/contacts",
    roles: ["dispatcher"],
    body: () => kim,
    inChat: { account_id: acme.name, name: "Kim Lee", phone: "510 555 0188" },
    fields: {
      good: [
        kim,
        {
          ...kim,
          site_id: acme.oakland,
          phone: "(510) 555-0188 x12",
          email: "Kim@ACME.example",
          role: "store manager",
          is_authorized_requester: true,
          is_authorized_approver: false,
          escalation_level: 0,
          notify: { sms: false },
        },
        { ...kim, site_id: null, phone: null, email: null, escalation_level: null, notify: {} },
      ],
      bad: [
        ...badRefs,
        [{ account_id: undefined }, "account_id"],
        [{ contact_id: "kim" }, "contact_id"],
        [{ site_id: "north" }, "site_id"],
        [{ phone: "none" }, "phone"],
        [{ phone: "1".repeat(61) }, "phone"],
        [{ email: "kim" }, "email"],
        [{ escalation_level: 101 }, "escalation_level"],
        [{ notify: { sms: "yes" } }, "notify"],
        [{ is_authorized_requester: 1 }, "is_authorized_requester"],
      ],
    },
    scope: { by: "named", send: () => ({ body: { account_id: borealis.id, name: "Our spy" } }) },
  },
  "asset.upsert": {
    ...facts,
    path: "/assets",
    roles: ["dispatcher", "tech"],
    body: () => door,
    fields: {
      good: [
        door,
        {
          ...door,
          kind: "door",
          make: "LCN",
          model: "4040XP",
          serial: "SN-48213",
          installed_on: "2024-02-29",
          warranty_until: "2027-02-28",
          notes: "Closer adjusted.",
        },
        { ...door, kind: null, installed_on: null },
      ],
      bad: [
        ...badRefs,
        [{ site_id: undefined }, "site_id"],
        [{ asset_id: "door" }, "asset_id"],
        [{ installed_on: "2023-02-29" }, "installed_on"],
        [{ warranty_until: "soon" }, "warranty_until"],
        [{ serial: "x".repeat(101) }, "serial"],
      ],
    },
    scope: { by: "named", send: () => ({ body: { site_id: borealis.albany, name: "Our door" } }) },
  },
  "account.archive": {
    ...archive,
    path: "/accounts/{accountId}/archive",
    arrange: async (api) => ({ account: (await madeIn(api)).account }),
    scope: { by: "named", send: () => ({ account: borealis.id, ...gone }) },
  },
  "site.archive": {
    ...archive,
    path: "/sites/{siteId}/archive",
    arrange: async (api) => ({ site: (await madeIn(api)).site }),
    scope: { by: "named", send: () => ({ site: borealis.albany, ...gone }) },
  },
  "contact.archive": {
    ...archive,
    path: "/contacts/{contactId}/archive",
    arrange: async (api) => {
      const { contact } = await api.run("contact.upsert", { body: kim });
      return { contact: contact.id };
    },
    scope: { by: "named", send: ({ contactId }) => ({ contact: contactId, ...gone }) },
  },
  "asset.archive": {
    ...archive,
    path: "/assets/{assetId}/archive",
    arrange: async (api) => {
      const { asset } = await api.run("asset.upsert", { body: door });
      return { asset: asset.id };
    },
    scope: { by: "named", send: () => ({ asset: borealis.oven, ...gone }) },
  },
  "site.merge": {
    ...merge,
    path: "/sites/{siteId}/merge",
    arrange: async (api) => {
      const { account, site } = await madeIn(api);
      const { site: other } = await api.run("site.upsert", { body: { account_id: account, name: "Pier 1" } });
      return { site: other.id, body: { into: site } };
    },
    scope: { by: "named", send: () => ({ site: borealis.albany, body: { into: acme.oakland, reason: "ours" } }) },
  },
  "account.merge": {
    ...merge,
    path: "/accounts/{accountId}/merge",
    // The site moves, too.
    eventsBeside: 2,
    arrange: async (api) => ({ account: (await madeIn(api)).account, body: { into: (await madeIn(api)).account } }),
    scope: { by: "named", send: () => ({ account: borealis.id, body: { into: acme.id, reason: "ours" } }) },
  },
} satisfies CasesFor<keyof typeof directoryCommands>;
