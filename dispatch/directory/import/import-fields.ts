// What a cell of an import may be, by the record and the field it belongs to. Columns of files, the export's own columns and the
// page for operators are all made from this list.

export const importKinds = ["account", "site", "contact", "asset"] as const;
export type ImportKind = (typeof importKinds)[number];

export const isImportKind = (text: string): text is ImportKind => importKinds.some((kind) => kind === text);

/** How a cell's text becomes a value. */
export type Reading = "text" | "flag" | "whole" | "days" | "number" | "date" | "phone" | "country" | "hours";

export type ImportField = {
  readonly name: string;
  readonly kind: ImportKind;
  readonly reading: Reading;
  /** The column's name in an export; null for what an export has no column of its own for. */
  readonly column: string | null;
  readonly about: string;
};

const of = (
  kind: ImportKind,
  title: string,
  fields: Readonly<Record<string, readonly [reading: Reading, column: string | null, about: string]>>,
): ImportField[] =>
  Object.entries(fields).map(([name, [reading, column, about]]) => ({
    name: `${kind}.${name}`,
    kind,
    reading,
    // "Customer ID" is another system's in everybody's files.
    column: column === null ? null : name === "id" ? `Dispatch ${title.toLowerCase()} ID` : `${title} ${column}`,
    about,
  }));

const kept = (noun: string) =>
  ({
    id: ["text", "ID", `Dispatch's own id of the ${noun}`],
    external_source: [
      "text",
      "source",
      `Which system the external id of the ${noun} is of; otherwise the import's source`,
    ],
    external_id: ["text", "external ID", `Id of the ${noun} in the system the file is from`],
  }) as const;

export const importFields: readonly ImportField[] = [
  ...of("account", "Customer", {
    ...kept("customer"),
    name: ["text", "name", "Name of the customer; otherwise the company's or the person's"],
    billing_name: ["text", "billing name", "To whom invoices go"],
    billing_email: ["text", "billing e-mail", "Where invoices go"],
    billing_address: ["text", "billing address", "Address on invoices, in lines"],
    billing_street: ["text", null, "A line of the address on invoices"],
    billing_street2: ["text", null, "A line of the address on invoices"],
    billing_city: ["text", null, "City of the address on invoices"],
    billing_region: ["text", null, "State or region of the address on invoices"],
    billing_postal_code: ["text", null, "Postal code of the address on invoices"],
    billing_country: ["text", null, "Country of the address on invoices"],
    purchase_order_required: [
      "flag",
      "purchase order required",
      "Whether no invoice goes out without a purchase order",
    ],
    payment_terms_days: ["days", "payment terms", "Days until an invoice is due: 30, or Net 30"],
    tax_exempt: ["flag", "tax exempt", "Whether it pays no tax"],
    tax_id: ["text", "tax ID", "Tax number"],
    currency: ["text", "currency", "Currency by ISO 4217"],
    default_nte_cents: ["whole", "NTE in cents", "Usual not-to-exceed limit of its tickets, in cents"],
    sla: ["text", "SLA", "Agreement of the policy by its name"],
    notes: ["text", "notes", "What the office should know"],
  }),
  ...of("site", "Site", {
    ...kept("site"),
    name: ["text", "name", "Name of the place; otherwise its street, or the customer's name"],
    address1: ["text", "street", "Street and number"],
    address2: ["text", "street 2", "Floor, suite, building"],
    city: ["text", "city", "City"],
    region: ["text", "region", "State or region"],
    postal_code: ["text", "postal code", "Postal code"],
    country: ["country", "country", "Country, its name or two letters"],
    timezone: ["text", "time zone", "IANA time zone"],
    lat: ["number", "latitude", "Latitude in degrees"],
    lon: ["number", "longitude", "Longitude in degrees"],
    zone: ["text", "zone", "Dispatch area"],
    tax_region: ["text", "tax region", "Where its taxes are looked up"],
    access_instructions: ["text", "access", "How to get in"],
    hours: ["hours", "hours", "Opening hours as site.upsert takes them, as JSON"],
    holiday_calendar: ["text", "holiday calendar", "Calendar of the policy whose holidays it keeps"],
  }),
  ...of("contact", "Contact", {
    ...kept("person"),
    name: ["text", "name", "Name of the person; otherwise first and last name"],
    first_name: ["text", null, "First name"],
    last_name: ["text", null, "Last name"],
    phone: ["phone", "phone", "Phone number in any writing; of several the first that is valid"],
    email: ["text", "e-mail", "E-mail address"],
    role: ["text", "role", "What the person is there"],
    is_authorized_requester: ["flag", "may order work", "Whether the person may order work"],
    is_authorized_approver: ["flag", "may approve", "Whether the person may agree to costs"],
    escalation_level: ["whole", "escalation level", "Whom to ask first, smallest first"],
    notify_sms: ["flag", "told by SMS", "Whether the person is told by text message"],
    notify_email: ["flag", "told by e-mail", "Whether the person is told by e-mail"],
  }),
  ...of("asset", "Asset", {
    ...kept("asset"),
    name: ["text", "name", "Name of the thing; otherwise make and model"],
    kind: ["text", "kind", "What it is"],
    make: ["text", "make", "Maker"],
    model: ["text", "model", "Model"],
    serial: ["text", "serial number", "Serial number"],
    installed_on: ["date", "installed on", "When it was installed"],
    warranty_until: ["date", "warranty until", "Last day of the warranty"],
    notes: ["text", "notes", "What the next one should know"],
  }),
];

const byName: ReadonlyMap<string, ImportField> = new Map(importFields.map((field) => [field.name, field]));

export const importFieldNamed = (name: string): ImportField | undefined => byName.get(name);
