// ticket.follow_up: opens a ticket for what follows from work that is invoiced or closed. What it does not say it has from that
// ticket, and both name each other.

import { statement } from "../db/statement.ts";
import { ticketBody, type NewTicket, type TicketRow } from "../ticket/ticket-row.ts";
import { newRelatedTicket } from "../ticket/related-ticket.ts";
import { ticketCommand, type TicketCall } from "../ticket/ticket-command.ts";
import { selectNextNumber, updateFollowUps } from "../ticket/ticket-details.ts";
import { abilityWarnings, loadMissingAbilities } from "../workforce/missing-abilities.ts";
import { agreedTerms, loadPlace, requirePlace, type PlaceFacts } from "./intake-place.ts";
import { checkIncidentType } from "./known-incident-type.ts";

type Call = TicketCall<"ticket.follow_up">;
type StillInUse = Pick<TicketRow, "asset_id" | "contact_id">;

/** What the ticket names that is still in use: nobody has named it anew, so what is not is left out and refuses nothing. */
const selectStillInUse = statement<StillInUse>(
  "follow_up_still_in_use",
  `SELECT (SELECT a.id FROM assets a WHERE a.id = t.asset_id AND a.archived_at IS NULL FOR KEY SHARE) AS asset_id,
          (SELECT c.id FROM contacts c WHERE c.id = t.contact_id AND c.archived_at IS NULL FOR KEY SHARE) AS contact_id
   FROM tickets t WHERE t.id = $1`,
);

/** They stand in every answer that shows the ticket; each of them names it, too, and its trail has them all. */
const namedFollowUps = 50;

export const ticketFollowUp = ticketCommand({
  name: "ticket.follow_up",
  async load(tx, { desk, input, ticketId }) {
    const { incident_type } = input;
    const [next, place, kept, missing] = await Promise.all([
      tx.row(selectNextNumber, []),
      loadPlace(tx, input, ticketId),
      tx.row(selectStillInUse, [ticketId]),
      incident_type === undefined ? null : loadMissingAbilities(tx, incident_type, desk.policies.live),
    ]);
    return { next, place, kept: kept ?? { asset_id: null, contact_id: null }, missing };
  },
  decide(call, { next, place, kept, missing }) {
    const { desk, input, ticket, now } = call;
    if (!next) throw new Error("the sequence of ticket numbers gave none");
    const { kind, incident_type: type } = input;
    const typeWarnings = type === undefined ? [] : checkIncidentType(desk.policies.live, type);
    const follows = { ticket_id: ticket.id, number: ticket.number, kind, reason: input.reason ?? null };
    const { number } = next;
    const fields = { ...fieldsOf(call, place, kept), number, follows };
    const made = newRelatedTicket(desk, { fields, payload: { follows, summary: fields.summary } }, now);
    const follow_up = { ticket_id: made.created.id, number, kind };
    const follow_ups = [...ticket.follow_ups, follow_up].slice(-namedFollowUps);
    return {
      change: { follow_ups },
      payload: { follow_up, reason: follows.reason, receipt_id: made.eventId, ...(missing && { nobody_has: missing }) },
      related: [made],
      warnings: [...typeWarnings, ...abilityWarnings(missing)],
      write: (tx) => [updateFollowUps(tx, { id: ticket.id, follow_ups })],
      body: () => ticketBody(made.created, call.actor),
    };
  },
});

/** @throws Refusal FORBIDDEN_SCOPE, MERGED, ARCHIVED, ACCOUNT_NOT_FOUND, SITE_NOT_FOUND, ASSET_NOT_FOUND, INVALID_REQUEST */
function fieldsOf(
  { desk, actor, input, ticket }: Call,
  place: PlaceFacts,
  kept: StillInUse,
): Omit<NewTicket, "number"> {
  const { account_id = ticket.account_id, site_id = ticket.site_id, asset_id, contact_id } = input;
  requirePlace(actor, { account_id, site_id, asset_id, contact_id }, place);
  const [ofAccount, ofSite] = [account_id === ticket.account_id, site_id === ticket.site_id];
  return {
    account_id,
    site_id,
    summary: input.summary ?? ticket.summary,
    description: input.description ?? null,
    priority: input.priority ?? "ROUTINE",
    incident_type: input.incident_type ?? ticket.incident_type,
    ...agreedTerms(desk, place, input.nte_cents),
    // What stands at the other site, and who is to be asked for there, say nothing of this one.
    asset_id: asset_id === undefined && ofSite ? kept.asset_id : (asset_id ?? null),
    contact_id: contact_id === undefined && ofSite ? kept.contact_id : (contact_id ?? null),
    ...(ofAccount && {
      customer_name: ticket.customer_name,
      customer_phone: ticket.customer_phone,
      customer_email: ticket.customer_email,
    }),
  };
}
