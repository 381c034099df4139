// A technician's day for the model: one line per visit, and what people wrote about it fenced.

import { spanText } from "./describe-ticket.ts";
import { listAt, numberAt, objectAt, textAt, type JsonObject } from "./json.ts";
import { fenced, plainOrQuoted, quoted, wordAt as at } from "./result-text.ts";

/** The lines of tech.day. */
export function dayLines(body: JsonObject): string[] {
  const technician = objectAt(body, "technician");
  return [
    `tech_id ${at(technician, "tech_id")} ${quoted(textAt(technician, "tech_name"))}, days of ${quoted(textAt(body, "timezone"), 60)}`,
    ...listAt(body, "days").flatMap((one) => {
      const visits = listAt(one, "visits");
      return [
        `${at(one, "day")}: ${visits.length === 0 ? "no visit" : `${visits.length} visit${visits.length === 1 ? "" : "s"}`}`,
        ...visits.flatMap((visit, index) => visitLines(visit, index + 1, textAt(technician, "tech_id"))),
      ];
    }),
  ];
}

function visitLines(visit: unknown, position: number, techId: string | null): string[] {
  const drive = numberAt(visit, "travel_before_minutes") ?? 0;
  const part = numberAt(visit, "part");
  const others = listAt(visit, "crew").filter((one) => textAt(one, "tech_id") !== techId);
  return [
    [
      `${position}. ticket ${at(visit, "ticket_id")} number ${at(visit, "number")} ${at(visit, "state")} ${at(visit, "priority")} ` +
        at(visit, "incident_type"),
      `as ${at(visit, "role")}`,
      timeText(visit),
      part !== null && `part ${part} of ${numberAt(visit, "of") ?? "?"}`,
      drive > 0 && `drive ${drive} min`,
      others.length > 0 &&
        `with ${others.map((one) => `${quoted(textAt(one, "tech_name"), 40)} (${at(one, "role")})`).join(", ")}`,
      missingText(objectAt(visit, "missing")),
    ]
      .filter(Boolean)
      .join("; "),
    fenced(wordsOf(visit), 700),
  ];
}

function timeText(visit: unknown): string {
  if (textAt(visit, "start") === null) return "no time";
  const promise = objectAt(visit, "arrival_window");
  return `scheduled ${spanText(visit)}${textAt(promise, "start") === null ? "" : `, promised ${spanText(promise)}`}`;
}

function missingText(missing: JsonObject): string | null {
  const words = (key: string) => listAt(missing, key).map((one) => plainOrQuoted(typeof one === "string" ? one : "?"));
  const keys = [...words("evidence_keys"), ...words("checklist_keys")];
  const codes = words("codes");
  return codes.length === 0 ? null : `missing ${codes.join(", ")}${keys.length > 0 ? ` (${keys.join(", ")})` : ""}`;
}

function wordsOf(visit: unknown): JsonObject {
  const site = objectAt(visit, "site");
  const address = ["address1", "address2", "city", "region", "postal_code"]
    .map((key) => textAt(site, key))
    .filter(Boolean);
  return {
    summary: textAt(visit, "summary"),
    site: textAt(site, "name"),
    address: address.join(", "),
    access_instructions: textAt(visit, "access_instructions"),
    contact: objectAt(visit, "contact"),
  };
}
