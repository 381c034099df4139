// What may be read: one entry per query. Query parameters come as text; the API turns them into these types first.

import { defineQueries } from "./entry.ts";
import { idOf, incidentType, line, oneOf, optional, priorities, state, ticketRef, time, Type } from "./fields.ts";
import type { AccountId, SiteId, TechnicianId } from "./ids.ts";
import * as body from "./responses.ts";
import { roles } from "./roles.ts";
import * as sample from "./sample-values.ts";

const many = <T extends Parameters<typeof Type.Array>[0]>(item: T, only: string) =>
  Type.Array(item, {
    maxItems: 50,
    description: `Only tickets ${only}; a list, in a URL repeated or separated by commas; absent: any`,
  });
const limit = (maximum: number, normal: number, what: string) =>
  Type.Integer({ minimum: 1, maximum, description: `At most this many ${what}, 1 to ${maximum}; absent: ${normal}` });
/** Statements that read a page say its greatest length, for Postgres to plan by. */
export const longestQueuePage = 500;
export const longestSearchPage = 200;
/** As many as the policy lets a ticket have, so that whoever asks for no page gets all. */
export const longestEvidencePage = 200;
export const longestApprovalPage = 500;
const cursor = () =>
  line(500, { description: "next_cursor of the page before, as it was given; absent: the first page" });

const filters = {
  state: optional(many(state(), "in one of these states")),
  priority: optional(many(Type.Enum([...priorities]), "of one of these priorities")),
  sla_status: optional(many(oneOf(["breach", "warning", "healthy"]), "that are late, nearly late or in time")),
  account_id: optional(many(idOf<AccountId>(), "of one of these accounts")),
  site_id: optional(many(idOf<SiteId>(), "at one of these sites")),
  assigned_tech_id: optional(many(idOf<TechnicianId>(), "that one of these technicians leads or helps with")),
  incident_type: optional(many(incidentType(), "of one of these incident types")),
};
/** Full is what every client knows; 10.2 KB of the 10.9 KB of its row are actions, the same for all tickets of a state. */
const actionsShown = ["full", "state", "none"] as const;
const readers = ["dispatcher", "agent", "customer", "tech", "qa", "approver", "finance"] as const;
const none = () => Type.Object({});

export const queries = defineQueries({
  "ticket.get": {
    path: "/tickets/{ticketId}",
    wrongIdCode: "INVALID_TICKET_ID",
    roles: readers,
    summary:
      "Read one ticket by its id: state, priority, cost limit, time, technician. It has no history " +
      "(ticket.timeline); to find a ticket's id use ticket.search.",
    next: ["ticket.timeline", "tech.job_packet"],
    input: none(),
    example: {},
    output: body.ticketRead,
  },
  "ticket.timeline": {
    path: "/tickets/{ticketId}/timeline",
    wrongIdCode: "INVALID_TICKET_ID",
    roles: readers,
    summary:
      "Read what happened to one ticket, oldest first, with who did it. For its present state alone use ticket.get.",
    next: ["ticket.get", "receipt.get"],
    input: Type.Object({ limit: optional(limit(1_000, 1_000, "events")), cursor: optional(cursor()) }),
    example: { limit: 100 },
    output: body.timeline,
  },
  "ticket.search": {
    path: "/tickets",
    roles: ["dispatcher", "agent", "qa", "approver", "finance"],
    summary:
      "Find tickets by words and filters, newest first, closed and cancelled ones included. For the " +
      "open queue in order of urgency use dispatcher.cockpit.",
    next: ["ticket.get", "ticket.timeline"],
    input: Type.Object({
      q: optional(
        line(200, {
          description:
            "Words of text, customer or address, a phone number, e-mail or ticket number; all must occur, " +
            '"quotes" keep a phrase; absent: any',
        }),
      ),
      ...filters,
      created_from: optional(time("Only tickets opened at or after; ISO 8601 with zone; absent: no bound")),
      created_to: optional(time("Only tickets opened before; ISO 8601 with zone; absent: no bound")),
      limit: optional(limit(longestSearchPage, 50, "tickets")),
      cursor: optional(cursor()),
    }),
    example: { q: "broken pane Oakland", state: ["NEW", "TRIAGED"], created_from: sample.time.dayStart, limit: 20 },
    output: body.ticketSearch,
  },
  "closeout.list_evidence": {
    path: "/tickets/{ticketId}/evidence",
    wrongIdCode: "INVALID_TICKET_ID",
    roles: ["dispatcher", "agent", "tech", "qa", "approver", "finance"],
    summary:
      "List the evidence recorded on one ticket, oldest first. What is still missing to complete the work is in tech.job_packet.",
    next: ["closeout.get_evidence", "tech.job_packet", "closeout.request_upload"],
    input: Type.Object({
      limit: optional(limit(longestEvidencePage, longestEvidencePage, "items")),
      cursor: optional(cursor()),
    }),
    example: { limit: 50 },
    output: body.evidenceList,
  },
  "closeout.get_evidence": {
    path: "/tickets/{ticketId}/evidence/{evidenceId}/content",
    wrongIdCode: { ticketId: "INVALID_TICKET_ID", evidenceId: "EVIDENCE_NOT_FOUND" },
    file: true,
    roles: ["dispatcher", "agent", "tech", "qa", "approver", "finance"],
    summary:
      "Open one stored photo, note, signature or document of a ticket, to look at what it proves before it is verified. " +
      "What there is to open is in closeout.list_evidence.",
    said: ["show me the photo", "open the picture they took"],
    next: ["qa.verify", "qa.return_work", "closeout.list_evidence"],
    input: none(),
    example: {},
    output: body.evidenceContent,
  },
  "approval.list": {
    path: "/approvals",
    roles: ["dispatcher", "approver", "finance"],
    summary:
      "List requests for approval, oldest first, to find an approval_id for approval.decide. Without " +
      "status it lists decided ones as well.",
    next: ["ticket.get", "approval.decide"],
    input: Type.Object({
      status: optional(
        oneOf(["PENDING", "APPROVED", "DENIED", "WITHDRAWN"], "Only requests that stand so; absent: all of them"),
      ),
      ticket_id: optional(ticketRef("Only requests of this ticket; absent: of any")),
      limit: optional(limit(longestApprovalPage, longestApprovalPage, "requests")),
      cursor: optional(cursor()),
    }),
    example: { status: "PENDING" },
    output: body.approvalList,
  },
  "schedule.slots": {
    path: "/tickets/{ticketId}/schedule/slots",
    wrongIdCode: "INVALID_TICKET_ID",
    roles: ["dispatcher", "agent", "customer"],
    summary:
      "Look for times at which an able technician is free, earliest first, with reasons for everyone " +
      "who is not. It books and offers nothing: schedule.book or schedule.propose does.",
    next: ["schedule.propose", "schedule.book"],
    input: Type.Object({
      earliest: optional(time("Not before; ISO 8601 with zone; absent: now")),
      latest: optional(time("Not after, at most 62 days on; ISO 8601 with zone; absent: seven days after earliest")),
      duration_minutes: optional(
        Type.Integer({
          minimum: 5,
          maximum: 1_440,
          description:
            "Length of the work in minutes; absent: the usual length for the incident type. What no shift has room for is offered in parts",
        }),
      ),
      tech_id: optional(idOf<TechnicianId>("Only this technician; absent: whoever fits")),
      limit: optional(limit(50, 10, "slots")),
    }),
    example: { earliest: sample.time.dayStart, latest: sample.time.dayEnd, duration_minutes: 120, limit: 5 },
    output: body.slots,
  },
  "dispatcher.cockpit": {
    path: "/ux/dispatcher/cockpit",
    roles: ["dispatcher"],
    summary:
      "Read the queue, most urgent first: summary, caller, address, state, SLA, time and technician of each open ticket. VERIFIED and " +
      "INVOICED are in it only when state asks for them. To find tickets by words, or finished ones, use ticket.search.",
    next: ["ticket.get", "ticket.triage", "schedule.slots", "assignment.dispatch"],
    input: Type.Object({
      ...filters,
      ticket_id: optional(
        ticketRef("Adds this ticket in full as selected_ticket; it does not filter the queue; absent: none"),
      ),
      actions: optional(
        oneOf(
          [...actionsShown],
          "Where the answer says what may be done: full with each ticket, state once for each state on the " +
            "page, none nowhere; absent: full",
        ),
      ),
      limit: optional(limit(longestQueuePage, 200, "tickets")),
      cursor: optional(cursor()),
    }),
    example: { sla_status: ["breach", "warning"], priority: ["EMERGENCY"], limit: 15 },
    output: body.cockpit,
  },
  "tech.job_packet": {
    path: "/ux/technician/job-packet/{ticketId}",
    wrongIdCode: "INVALID_TICKET_ID",
    roles: ["tech", "dispatcher"],
    summary:
      "Read all a technician needs on site: address, access, contact, scope, and which evidence and " +
      "checklist items are still missing to complete. It changes nothing.",
    next: ["closeout.request_upload", "tech.complete", "tech.request_change"],
    input: none(),
    example: {},
    output: body.jobPacket,
  },
  "directory.search": {
    path: "/directory",
    roles: ["dispatcher", "agent"],
    summary:
      "Find ids of accounts, sites, contacts, assets and technicians by name, phone, e-mail, street, postcode or serial, or " +
      "likely twins of one of them. It does not find tickets: use ticket.search.",
    next: ["ticket.create", "ticket.blind_intake", "ticket.search"],
    input: Type.Object({
      q: optional(
        line(200, {
          description:
            "Part of a name or street, a phone number or its end, the beginning of an e-mail, postcode or serial number, " +
            "or an id; absent: everything",
        }),
      ),
      kind: optional(
        oneOf(["account", "site", "contact", "asset", "technician"], "What to look for; absent: all kinds"),
      ),
      duplicates_of: optional(
        idOf(
          "Look for likely twins of the account, site, contact or asset with this id, whatever q says; absent: for q",
        ),
      ),
      limit: optional(limit(50, 20, "results")),
    }),
    example: { q: "Main St", kind: "site", limit: 5 },
    output: body.directory,
  },
  "receipt.get": {
    path: "/receipts/{receiptId}",
    wrongIdCode: "RECEIPT_NOT_FOUND",
    roles,
    summary:
      "Read a receipt back by the receipt_id that a command answered with, as proof that it took " +
      "effect. For all that happened to a ticket use ticket.timeline.",
    next: ["ticket.timeline"],
    input: none(),
    example: {},
    output: body.receipt,
  },
  "ops.autonomy.state": {
    path: "/ops/autonomy/state",
    roles: ["dispatcher"],
    summary:
      "Read which scopes are paused now, and what that decides for a ticket or incident type. How it came about is in ops.autonomy.replay.",
    next: ["ops.autonomy.pause", "ops.autonomy.rollback", "ops.autonomy.replay"],
    input: Type.Object({
      ticket_id: optional(ticketRef("Decide for this ticket; absent: for incident_type, or for the desk as a whole")),
      incident_type: optional(incidentType("; absent: the desk's own")),
    }),
    example: { incident_type: "AUTO_OPERATOR_FAULT" },
    output: body.autonomyState,
  },
  "ops.autonomy.replay": {
    path: "/ops/autonomy/replay/{ticketId}",
    wrongIdCode: "INVALID_TICKET_ID",
    roles: ["dispatcher"],
    summary:
      "Read how the pauses that bear on one ticket came and went, newest first. It runs nothing again; " +
      "for the present alone use ops.autonomy.state.",
    next: ["ops.autonomy.rollback", "ops.autonomy.state"],
    input: none(),
    example: {},
    output: body.autonomyReplay,
  },
});
