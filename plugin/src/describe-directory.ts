// What is on record of an account, site, contact or asset, for the model: one line per thing, words of people fenced or quoted.

import { listAt, objectAt, textAt, type JsonObject } from "./json.ts";
import { fenced, plainOrQuoted, quoted, wordAt as at } from "./result-text.ts";

/** As many lines of one list as a model is shown. */
const most = 20;

type Line = (one: unknown) => string;

const listed = (body: JsonObject, key: string, what: string, line: Line): string[] => {
  const rows = listAt(body, key);
  const left = rows.length - most;
  return [
    ...(rows.length === 0 ? [`no ${what}`] : rows.slice(0, most).map(line)),
    ...(left > 0 ? [`and ${left} more of ${what}`] : []),
  ];
};

const word = (one: unknown, key: string): string => {
  const text = textAt(one, key);
  return text === null ? "-" : plainOrQuoted(text);
};
const siteLine: Line = (one) =>
  `site_id ${at(one, "id")} ${quoted(textAt(one, "name"))} ${quoted(textAt(one, "address1"), 120)}`;
const contactLine: Line = (one) =>
  `contact_id ${at(one, "id")} ${quoted(textAt(one, "name"))} role ${quoted(textAt(one, "role"))} phone ${quoted(textAt(one, "phone"))}`;
const assetLine: Line = (one) =>
  `asset_id ${at(one, "id")} ${quoted(textAt(one, "name"))} serial ${quoted(textAt(one, "serial"))}`;
const ticketOf: Line = (one) =>
  `ticket ${at(one, "number")} ${at(one, "state")} ${word(one, "incident_type")} ${quoted(textAt(one, "summary"), 120)}`;
const visitLine: Line = (one) => {
  const technician = textAt(objectAt(one, "technician"), "name");
  const by = technician === null ? "" : ` by ${quoted(technician)}`;
  const nothing = textAt(one, "no_work");
  return `${ticketOf(one)}${by} completed ${word(one, "completed_at")}${nothing === null ? "" : ` no work: ${plainOrQuoted(nothing)}`}`;
};

/** The thing itself with all its fields, then what hangs on it. */
export const directoryReadings = {
  "account.get": (body: JsonObject) => [
    fenced(objectAt(body, "account"), 4_000),
    ...listed(body, "sites", "sites", siteLine),
    ...listed(body, "contacts", "contacts of the whole account", contactLine),
  ],
  "site.get": (body: JsonObject) => [
    fenced(objectAt(body, "site"), 4_000),
    ...listed(body, "contacts", "contacts", contactLine),
    ...listed(body, "assets", "assets", assetLine),
    ...listed(body, "open_tickets", "open tickets", ticketOf),
  ],
  "contact.get": (body: JsonObject) => [fenced(objectAt(body, "contact"), 4_000)],
  "asset.get": (body: JsonObject) => [
    fenced(objectAt(body, "asset"), 4_000),
    ...listed(body, "visits", "visits", visitLine),
  ],
};
