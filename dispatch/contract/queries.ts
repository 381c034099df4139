// What may be read: one entry per query. Query parameters come as text; the API turns them into these types first.

import { defineQueries } from "./entry.ts";
import { incidentType, line, oneOf, optional, priorities, state, time, Type, uuid } from "./fields.ts";
import * as body from "./responses.ts";
import { roles } from "./roles.ts";

const many = <T extends Parameters<typeof Type.Array>[0]>(item: T) =>
  Type.Array(item, { maxItems: 50, description: "Repeat it, or separate by commas" });
const limit = (maximum: number, normal: number) =>
  Type.Integer({ minimum: 1, maximum, description: `Default ${normal}` });
const cursor = () => line(500, { description: "next_cursor of the page before" });

const filters = {
  state: optional(many(state())),
  priority: optional(many(Type.Enum([...priorities]))),
  sla_status: optional(many(oneOf(["breach", "warning", "healthy"]))),
  account_id: optional(many(uuid())),
  site_id: optional(many(uuid())),
  assigned_tech_id: optional(many(uuid())),
  incident_type: optional(many(incidentType())),
};
const readers = ["dispatcher", "agent", "customer", "tech", "qa", "approver", "finance"] as const;
const none = () => Type.Object({});

export const queries = defineQueries({
  "ticket.get": {
    path: "/tickets/{ticketId}",
    roles: readers,
    summary: "Read one ticket.",
    input: none(),
    output: body.ticket,
  },
  "ticket.timeline": {
    path: "/tickets/{ticketId}/timeline",
    roles: readers,
    summary: "Read what happened to a ticket, in order, with who did it.",
    input: Type.Object({ limit: optional(limit(1_000, 1_000)), cursor: optional(cursor()) }),
    output: body.timeline,
  },
  "ticket.search": {
    path: "/tickets",
    roles: ["dispatcher", "agent", "qa", "approver", "finance"],
    summary: "Find tickets by words and filters, newest first.",
    input: Type.Object({
      q: optional(line(200, { description: "Words in summary, description, customer or site" })),
      ...filters,
      created_from: optional(time()),
      created_to: optional(time()),
      limit: optional(limit(200, 50)),
      cursor: optional(cursor()),
    }),
    output: body.ticketSearch,
  },
  "closeout.list_evidence": {
    path: "/tickets/{ticketId}/evidence",
    roles: ["dispatcher", "agent", "tech", "qa", "approver", "finance"],
    summary: "List the evidence of a ticket.",
    input: none(),
    output: body.evidenceList,
  },
  "approval.list": {
    path: "/approvals",
    roles: ["dispatcher", "approver", "finance"],
    summary: "List requests for approval, oldest first.",
    input: Type.Object({
      status: optional(oneOf(["PENDING", "APPROVED", "DENIED", "WITHDRAWN"])),
      ticket_id: optional(uuid()),
    }),
    output: body.approvalList,
  },
  "schedule.slots": {
    path: "/tickets/{ticketId}/schedule/slots",
    roles: ["dispatcher", "agent", "customer"],
    summary: "Find times at which an able technician is free, with reasons for everyone who is not.",
    input: Type.Object({
      earliest: optional(time("Default: now")),
      latest: optional(time("Default: seven days after earliest")),
      duration_minutes: optional(Type.Integer({ minimum: 5, maximum: 1_440 })),
      tech_id: optional(uuid()),
      limit: optional(limit(50, 10)),
    }),
    output: body.slots,
  },
  "dispatcher.cockpit": {
    path: "/ux/dispatcher/cockpit",
    roles: ["dispatcher"],
    summary: "The queue, worst first, with what may be done about each ticket.",
    input: Type.Object({
      ...filters,
      ticket_id: optional(uuid("Adds selected_ticket")),
      limit: optional(limit(500, 200)),
      cursor: optional(cursor()),
    }),
    output: body.cockpit,
  },
  "tech.job_packet": {
    path: "/ux/technician/job-packet/{ticketId}",
    roles: ["tech", "dispatcher"],
    summary: "Everything a technician needs on site, and what is still missing to complete.",
    input: none(),
    output: body.jobPacket,
  },
  "directory.search": {
    path: "/directory",
    roles: ["dispatcher", "agent"],
    summary: "Find accounts, sites, contacts, assets and technicians by name.",
    input: Type.Object({
      q: optional(line(200)),
      kind: optional(oneOf(["account", "site", "contact", "asset", "technician"])),
      limit: optional(limit(50, 20)),
    }),
    output: body.directory,
  },
  "receipt.get": {
    path: "/receipts/{receiptId}",
    roles,
    summary: "Read a receipt back, as proof that a command took effect.",
    input: none(),
    output: body.receipt,
  },
  "ops.autonomy.state": {
    path: "/ops/autonomy/state",
    roles: ["dispatcher"],
    summary: "Which scopes are paused, and what that means for a ticket or incident type.",
    input: Type.Object({ ticket_id: optional(uuid()), incident_type: optional(incidentType()) }),
    output: body.autonomyState,
  },
  "ops.autonomy.replay": {
    path: "/ops/autonomy/replay/{ticketId}",
    roles: ["dispatcher"],
    summary: "How the pauses that bear on a ticket came and went, newest first.",
    input: none(),
    output: body.autonomyReplay,
  },
});
