// Puts a ticket's id in place of its number, wherever a request names a ticket: in the path, and in the fields that the
// contract declares so. Nothing behind this knows numbers, so a call has one fingerprint however its ticket is named.

import type { AnyEntry } from "../contract/index.ts";
import { ticketIdPattern, ticketNumberFrom, type TicketId } from "../contract/ids.ts";
import { statement } from "../db/statement.ts";
import type { Session } from "../db/pool.ts";
import { reachParameter, type Actor } from "../kernel/actor.ts";
import { isObject, type JsonObject } from "../kernel/json.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { PathIds } from "./routes.ts";

const selectIds = statement<{ number: string; id: TicketId }>(
  "ticket_ids_by_number",
  `SELECT number, id FROM tickets
   WHERE number = ANY ($1::text[]) AND ($2::uuid[] IS NULL OR account_id = ANY ($2)) AND ($3::uuid[] IS NULL OR site_id = ANY ($3))`,
);

type Named = { readonly ids: PathIds; readonly fields: JsonObject };

/**
 * Numbers can be counted up, where ids cannot be guessed: one of a ticket outside the caller's scope is as unknown as one of none.
 * @throws Refusal TICKET_NOT_FOUND for a number that no ticket in the caller's scope has
 */
export async function withTicketIds(
  db: Session,
  actor: Actor,
  entry: AnyEntry,
  { ids, fields }: Named,
): Promise<Named> {
  const inPath = ids["ticketId"] === undefined ? null : ticketNumberFrom(ids["ticketId"]);
  const inFields = ticketFields(entry).flatMap((field) => {
    const { [field]: value } = fields;
    const number = typeof value === "string" ? ticketNumberFrom(value) : null;
    return number === null ? [] : [{ field, number }];
  });
  const numbers = [...(inPath === null ? [] : [inPath]), ...inFields.map(({ number }) => number)];
  if (numbers.length === 0) return { ids, fields };
  const found = new Map(
    (await db.rows(selectIds, [numbers, reachParameter(actor.accounts), reachParameter(actor.sites)])).map(
      ({ number, id }) => [number, id],
    ),
  );
  const idOf = (number: string): TicketId => {
    const id = found.get(number);
    if (id === undefined) throw new Refusal("TICKET_NOT_FOUND", { ticket_id: number });
    return id;
  };
  return {
    ids: inPath === null ? ids : { ...ids, ticketId: idOf(inPath) },
    fields: { ...fields, ...Object.fromEntries(inFields.map(({ field, number }) => [field, idOf(number)])) },
  };
}

const fieldsOf = new WeakMap<AnyEntry, readonly string[]>();

/** The fields of an entry that name a ticket. */
function ticketFields(entry: AnyEntry): readonly string[] {
  const known =
    fieldsOf.get(entry) ??
    Object.entries<unknown>(entry.input.properties).flatMap(([name, schema]) =>
      isObject(schema) && schema["pattern"] === ticketIdPattern ? [name] : [],
    );
  fieldsOf.set(entry, known);
  return known;
}
