// What may be asked of the directory: the accounts, sites, contacts and assets that tickets name.

import { defineCommands, defineQueries } from "./entry.ts";
import * as body from "./directory-responses.ts";
import { cents, expectedVersion, freeText, idOf, line, note, nullable, optional, Type } from "./fields.ts";
import type { AccountId, SiteId } from "./ids.ts";
import * as sample from "./sample-values.ts";

/** Null empties it, absence leaves it. */
const text = (maxLength: number, what: string) =>
  optional(nullable(line(maxLength), `${what}; null: none; absent: unchanged`));
const long = (maxLength: number, what: string) =>
  optional(nullable(freeText(maxLength), `${what}; null: none; absent: unchanged`));
const name = (what: string) =>
  optional(line(200, { description: `Name of the ${what}; required for a new one; absent: unchanged` }));
const flag = (what: string) => optional(Type.Boolean({ description: `${what}; absent: unchanged` }));
const date = (what: string) =>
  optional(
    nullable(
      Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$", maxLength: 10 }),
      `${what}, YYYY-MM-DD; null: not known; absent: unchanged`,
    ),
  );
const code = (pattern: string, what: string) =>
  optional(
    nullable(
      Type.String({ pattern, maxLength: 3, "x-case": "upper" }),
      `${what}; null or absent on creation: the usual one; absent: unchanged`,
    ),
  );
const clock = (pattern: string, what: string) =>
  Type.String({ pattern, maxLength: 5, description: `${what}; HH:MM on the site's clock` });

const known = {
  external_ref: optional(
    nullable(
      Type.Object({
        source: line(100, { description: "Which system, e.g. quickbooks" }),
        id: line(200, { description: "Its id there" }),
      }),
      "How another system names it. Where no id is given, it is found by this; null: no longer kept there; absent: unchanged",
    ),
  ),
  restore: optional(
    Type.Boolean({ description: "True brings back what was archived; absent: an archived one is refused" }),
  ),
  expected_version: expectedVersion("The version it had as it was read"),
};

/** The parts of a site's week at which it is open, as technicians' shifts are written. */
const hours = () =>
  optional(
    nullable(
      Type.Array(
        Type.Object({
          weekdays: Type.Array(Type.Integer({ minimum: 1, maximum: 7 }), {
            minItems: 1,
            maxItems: 7,
            uniqueItems: true,
            description: "Days on which it opens: 1 is Monday, 7 Sunday",
          }),
          start_time: clock("^([01][0-9]|2[0-3]):[0-5][0-9]$", "When it opens"),
          end_time: clock(
            "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$",
            "When it closes; at or before start_time: on the next day",
          ),
        }),
        { minItems: 1, maxItems: 50 },
      ),
      "When somebody may come; null: at all hours; absent: unchanged",
    ),
  );

const none = () => Type.Object({});
const reasonToArchive = () =>
  Type.Object({
    reason: note("Why it is no longer in use; kept in the audit trail", 1),
    expected_version: expectedVersion("The version it had as it was read"),
  });
const archive = { effect: "changes", from: [], to: [], status: 200, roles: ["dispatcher"] } as const;
const merge = { ...archive } as const;
const readers = ["dispatcher", "agent", "finance", "qa", "tech"] as const;

const upsert = { effect: "changes", from: [], to: [], status: 200 } as const;

export const directoryCommands = defineCommands({
  "account.upsert": {
    ...upsert,
    aggregate: "account",
    path: "/accounts",
    roles: ["dispatcher", "finance"],
    summary:
      "Add a customer account, or change the fields given of one that is named by account_id or external_ref. Its places are " +
      "added by site.upsert, its people by contact.upsert.",
    said: ["add a new customer", "change the payment terms"],
    next: ["site.upsert", "contact.upsert"],
    input: Type.Object({
      account_id: optional(
        idOf<AccountId>(
          "The account to change, or the id a new one is to have; absent: by external_ref, else a new one",
        ),
      ),
      ...known,
      name: name("customer"),
      billing: optional(
        nullable(
          Type.Object({
            name: text(200, "To whom invoices go"),
            email: text(254, "Where invoices go"),
            address: long(1_000, "Address on invoices, in lines"),
            purchase_order_required: flag("Whether no invoice goes out without a purchase order"),
          }),
          "How it is billed, only the fields given; null: all of them emptied; absent: unchanged",
        ),
      ),
      payment_terms_days: optional(
        nullable(
          Type.Integer({ minimum: 0, maximum: 120 }),
          "Days until an invoice is due; null: the usual ones; absent: unchanged",
        ),
      ),
      tax_exempt: flag("Whether it pays no tax"),
      tax_id: text(50, "Tax number"),
      currency: code("^[A-Z]{3}$", "Currency by ISO 4217, one that a price book is in"),
      default_nte_cents: optional(
        nullable(cents("Limit in cents"), "Usual not-to-exceed limit of its tickets; null: none; absent: unchanged"),
      ),
      sla: text(100, "Agreement of the policy by its name"),
      notes: long(4_000, "What the office should know"),
    }),
    example: { name: "Acme Retail", payment_terms_days: 30, billing: { email: "ap@acme.example" } },
    output: body.accountWritten,
  },
  "site.upsert": {
    ...upsert,
    aggregate: "site",
    path: "/sites",
    roles: ["dispatcher"],
    summary:
      "Add a place of an account, or change the fields given of one that is named by site_id or external_ref. Two entries for " +
      "one place are joined by merging them.",
    said: ["add a new address", "change the opening hours"],
    next: ["contact.upsert", "asset.upsert", "ticket.create"],
    input: Type.Object({
      site_id: optional(
        idOf<SiteId>("The site to change, or the id a new one is to have; absent: by external_ref, else a new one"),
      ),
      ...known,
      account_id: optional(
        idOf<AccountId>("Account it belongs to; required for a new one, and stays; absent: unchanged"),
      ),
      name: name("place"),
      address1: text(200, "Street and number"),
      address2: text(200, "Floor, suite, building"),
      city: text(100, "City"),
      region: text(100, "State or region, as the zones of technicians are named"),
      postal_code: text(20, "Postal code"),
      country: code("^[A-Z]{2}$", "Country by ISO 3166, two letters"),
      timezone: text(60, "IANA time zone, e.g. America/Chicago; where none was ever given: that of its zone"),
      lat: optional(
        nullable(Type.Number({ minimum: -90, maximum: 90 }), "Latitude in degrees; null: unknown; absent: unchanged"),
      ),
      lon: optional(
        nullable(
          Type.Number({ minimum: -180, maximum: 180 }),
          "Longitude in degrees; null: unknown; absent: unchanged",
        ),
      ),
      zone: optional(
        nullable(line(100), "Dispatch area whose technicians go there; null: as its region; absent: unchanged"),
      ),
      tax_region: optional(nullable(line(100), "Where its taxes are looked up; null: its region; absent: unchanged")),
      access_instructions: long(2_000, "How to get in"),
      hours: hours(),
      holiday_calendar: text(63, "Calendar of the policy whose holidays it keeps"),
    }),
    example: {
      account_id: sample.account,
      name: "Acme Oakland",
      address1: "1 Broadway",
      city: "Oakland",
      region: "CA",
      postal_code: "94607",
      country: "US",
    },
    output: body.siteWritten,
  },
  "contact.upsert": {
    ...upsert,
    aggregate: "contact",
    path: "/contacts",
    roles: ["dispatcher"],
    summary:
      "Add a person of an account or of one of its sites, or change the fields given of one who is named by contact_id or " +
      "external_ref.",
    said: ["add a contact person", "change the phone number"],
    next: ["ticket.create"],
    input: Type.Object({
      contact_id: optional(
        idOf("The contact to change, or the id a new one is to have; absent: by external_ref, else a new one"),
      ),
      ...known,
      account_id: optional(
        idOf<AccountId>("Account the person belongs to; required for a new one, and stays; absent: unchanged"),
      ),
      site_id: optional(
        nullable(idOf<SiteId>(), "The one site of the person; null: the whole account; absent: unchanged"),
      ),
      name: name("person"),
      phone: text(60, "Phone number in any writing, with the extension behind an x"),
      email: text(254, "E-mail address"),
      role: text(100, "What the person is there, e.g. store manager"),
      is_authorized_requester: flag("Whether the person may order work"),
      is_authorized_approver: flag("Whether the person may agree to costs"),
      escalation_level: optional(
        nullable(
          Type.Integer({ minimum: 0, maximum: 100 }),
          "Whom to ask first, smallest first; null: last; absent: unchanged",
        ),
      ),
      notify: optional(
        Type.Object(
          { sms: flag("By text message"), email: flag("By e-mail") },
          { description: "How the person is told of visits; absent: unchanged" },
        ),
      ),
    }),
    example: { account_id: sample.account, name: "Kim Lee", phone: "(510) 555-0188 x12", role: "store manager" },
    output: body.contactWritten,
  },
  "asset.upsert": {
    ...upsert,
    aggregate: "asset",
    path: "/assets",
    roles: ["dispatcher", "tech"],
    summary:
      "Add a thing that is serviced at a site, or change the fields given of one that is named by asset_id or external_ref. A " +
      "technician may at a site of their own ticket.",
    said: ["add this door", "set the serial number of this door"],
    next: ["ticket.create"],
    input: Type.Object({
      asset_id: optional(
        idOf("The asset to change, or the id a new one is to have; absent: by external_ref, else a new one"),
      ),
      ...known,
      site_id: optional(
        idOf<SiteId>("Where it is; required for a new one; another site only of the same account; absent: unchanged"),
      ),
      name: name("thing"),
      kind: text(100, "What it is, e.g. door"),
      make: text(100, "Maker"),
      model: text(100, "Model"),
      serial: text(100, "Serial number"),
      installed_on: date("When it was installed"),
      warranty_until: date("Last day of the warranty"),
      notes: long(4_000, "What the next one should know"),
    }),
    example: { site_id: sample.site, name: "Front door", kind: "door", serial: "SN-48213" },
    output: body.assetWritten,
  },
  "account.archive": {
    ...archive,
    aggregate: "account",
    path: "/accounts/{accountId}/archive",
    summary:
      "Put away an account that is no customer any more: no search offers it, no new ticket takes it, nothing is deleted. Open " +
      "tickets stand in the way. account.upsert brings it back.",
    said: ["they are no longer a customer"],
    next: ["directory.search"],
    input: reasonToArchive(),
    example: { reason: "contract ended" },
    output: Type.Object({ account: body.account }),
  },
  "site.archive": {
    ...archive,
    aggregate: "site",
    path: "/sites/{siteId}/archive",
    summary:
      "Put away a place that is closed for good: no search offers it, no new ticket takes it, nothing is deleted. Open tickets " +
      "stand in the way. site.upsert brings it back.",
    said: ["this shop has closed"],
    next: ["site.get"],
    input: reasonToArchive(),
    example: { reason: "the store closed" },
    output: Type.Object({ site: body.site }),
  },
  "contact.archive": {
    ...archive,
    aggregate: "contact",
    path: "/contacts/{contactId}/archive",
    summary:
      "Put away a person who is no longer there: no search offers them, no new ticket takes them. Open tickets that name them " +
      "stand in the way. contact.upsert brings them back.",
    said: ["she no longer works there"],
    next: ["site.get"],
    input: reasonToArchive(),
    example: { reason: "left the company" },
    output: Type.Object({ contact: body.contact }),
  },
  "asset.archive": {
    ...archive,
    aggregate: "asset",
    path: "/assets/{assetId}/archive",
    summary:
      "Put away a thing that was taken out: no search offers it, no new ticket takes it, its history stays. Open tickets stand in " +
      "the way. asset.upsert brings it back.",
    said: ["this door was replaced"],
    next: ["site.get"],
    input: reasonToArchive(),
    example: { reason: "replaced by a new one" },
    output: Type.Object({ asset: body.asset }),
  },
  "site.merge": {
    ...merge,
    aggregate: "site",
    path: "/sites/{siteId}/merge",
    summary:
      "Join two entries of one place of an account: contacts, assets and tickets go to the one named by into, and the other's id " +
      "points to it for good. It cannot be taken back.",
    said: ["these two sites are the same"],
    next: ["site.get"],
    input: Type.Object({
      into: idOf<SiteId>("The site that stays"),
      reason: note("How one knows that they are one; kept in the audit trail", 1),
      expected_version: expectedVersion("The version it had as it was read"),
    }),
    example: { into: sample.site, reason: "same address, entered twice" },
    output: body.siteMerged,
  },
  "account.merge": {
    ...merge,
    aggregate: "account",
    path: "/accounts/{accountId}/merge",
    summary:
      "Join two entries of one customer: sites, contacts, assets and tickets go to the one named by into, and the other's id points " +
      "to it for good. It cannot be taken back.",
    said: ["these two customers are the same"],
    next: ["account.get"],
    input: Type.Object({
      into: idOf<AccountId>("The account that stays"),
      reason: note("How one knows that they are one; kept in the audit trail", 1),
      expected_version: expectedVersion("The version it had as it was read"),
    }),
    example: { into: sample.account, reason: "entered twice" },
    output: body.accountMerged,
  },
});

const read = { roles: readers, input: none(), example: {} } as const;

export const directoryQueries = defineQueries({
  "account.get": {
    ...read,
    path: "/accounts/{accountId}",
    wrongIdCode: "ACCOUNT_NOT_FOUND",
    summary:
      "Read one customer account: how it is billed, its sites and people of the whole account. A technician reads their own sites, " +
      "and no billing. To find its id use directory.search.",
    next: ["site.get", "account.upsert"],
    output: body.accountRead,
  },
  "site.get": {
    ...read,
    path: "/sites/{siteId}",
    wrongIdCode: "SITE_NOT_FOUND",
    summary:
      "Read one place: address, hours, access, its people and things, open tickets and the last 20. To find its id use directory.search.",
    said: ["what is going on at this shop"],
    next: ["ticket.create", "asset.get", "site.upsert"],
    output: body.siteRead,
  },
  "contact.get": {
    ...read,
    path: "/contacts/{contactId}",
    wrongIdCode: "CONTACT_NOT_FOUND",
    summary:
      "Read one person: phone, e-mail, role, what they may order or agree to. To find the id use directory.search.",
    next: ["contact.upsert"],
    output: body.contactRead,
  },
  "asset.get": {
    ...read,
    path: "/assets/{assetId}",
    wrongIdCode: "ASSET_NOT_FOUND",
    summary:
      "Read one thing at a site, and what happened to it: each visit with who came and how it ended, newest first.",
    said: ["what happened to this door"],
    next: ["ticket.get", "ticket.create"],
    output: body.assetRead,
  },
});
