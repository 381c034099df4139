// A query's case: what the tests that go through all queries must know of it, said once; command-cases/case.ts is the same of
// commands.

import { queries, queryEntries, type QueryName } from "../../dispatch/contract/index.ts";
import type { TicketState } from "../../dispatch/contract/states.ts";
import type { TaskState } from "../../dispatch/contract/task-states.ts";
import type { JsonObject } from "../../dispatch/kernel/json.ts";
import type { CallOptions } from "../support/api.ts";
import { acme, ana, borealis } from "../support/directory.ts";
import { day } from "../support/plan-day.ts";
import type { Scoping } from "./command-cases/case.ts";
import { t } from "./command-cases/samples.ts";
import { allRoles, type RoleName } from "./roles-and-states.ts";

type QueryFacts = {
  /** What it needs in order to be answered to each of its roles, where that is more than the ids in its path. */
  readonly asked?: Pick<CallOptions, "query" | "headers">;
  /** As the document says, and not as dispatch/contract does. */
  readonly path: string;
  readonly roles: readonly RoleName[];
  /** In a chat: the state of the ticket or task it is about, what is asked, and words of the answer. */
  readonly chat: {
    readonly in?: TicketState;
    readonly task?: TaskState;
    readonly args: JsonObject;
    readonly told: string;
  };
};
/** On a ticket that is there: whoever may not see it is refused (FORBIDDEN_SCOPE). */
type TicketQuery = QueryFacts & { readonly scope?: never };
type DeskQuery = QueryFacts & { readonly scope: Scoping };
type OnTicket = `${string}{ticketId}${string}`;
type CaseOf<N extends QueryName> = (typeof queries)[N]["path"] extends OnTicket ? TicketQuery : DeskQuery;

const readers = ["dispatcher", "agent", "customer", "tech", "qa", "approver", "finance"] as const;
const office = ["dispatcher", "agent", "qa", "approver", "finance"] as const;
const dispatcher = ["dispatcher"] as const;
const directoryReaders = ["dispatcher", "agent", "finance", "qa", "tech"] as const;
const taskReaders = ["control", "dispatcher", "agent", "tech", "qa", "admin"] as const;
const controllers = ["control", "dispatcher", "admin"] as const;
const ofTask = { by: "named", send: ({ taskId }: { taskId: string }) => ({ task: taskId }) } as const;
const roster = "the roster is the desk's own; a technician's row holds counts and no ticket";

const cases: { readonly [N in QueryName]: CaseOf<N> } = {
  "ticket.get": { path: t, roles: readers, chat: { in: "SCHEDULED", args: {}, told: "next: " } },
  "ticket.timeline": {
    path: `${t}/timeline`,
    roles: readers,
    chat: { in: "SCHEDULED", args: {}, told: "schedule.confirm by" },
  },
  "ticket.search": {
    path: "/tickets",
    roles: office,
    scope: { by: "rows", ask: () => ({ query: "limit=200" }) },
    chat: { in: "NEW", args: { q: "latch" }, told: "Front door does not latch" },
  },
  "closeout.list_evidence": {
    path: `${t}/evidence`,
    roles: ["dispatcher", "agent", "tech", "qa", "approver", "finance"],
    chat: { in: "COMPLETED_PENDING_VERIFICATION", args: {}, told: "photo_after_latched_alignment" },
  },
  "closeout.get_evidence": {
    path: `${t}/evidence/{evidenceId}/content`,
    roles: ["dispatcher", "agent", "tech", "qa", "approver", "finance"],
    chat: { in: "COMPLETED_PENDING_VERIFICATION", args: {}, told: "photo_before_door_edge_and_strike" },
  },
  "approval.list": {
    path: "/approvals",
    roles: ["dispatcher", "approver", "finance"],
    scope: { by: "rows", ask: () => ({}) },
    chat: { in: "APPROVAL_REQUIRED", args: { status: "PENDING" }, told: "PENDING" },
  },
  "schedule.slots": {
    path: `${t}/schedule/slots`,
    roles: ["dispatcher", "agent", "customer"],
    chat: { in: "READY_TO_SCHEDULE", args: { limit: 20 }, told: "tech_id 7ec00000-" },
  },
  "dispatcher.cockpit": {
    path: "/ux/dispatcher/cockpit",
    roles: dispatcher,
    scope: { by: "rows", ask: () => ({}) },
    chat: { args: {}, told: "1. ticket " },
  },
  "tech.job_packet": {
    path: "/ux/technician/job-packet/{ticketId}",
    roles: ["tech", "dispatcher"],
    chat: { in: "IN_PROGRESS", args: {}, told: 'missing checklist: "billing_authorization", ' },
  },
  "tech.day": {
    path: "/ux/technician/day",
    roles: ["tech", "dispatcher"],
    asked: { headers: { "x-tech-id": ana } },
    scope: { by: "rows", ask: () => ({ query: `tech_id=${ana}&day=2026-04-01&days=7` }) },
    chat: { args: { tech_id: ana }, told: "Ana Alvarez" },
  },
  "directory.search": {
    path: "/directory",
    roles: ["dispatcher", "agent"],
    scope: { by: "rows", ask: () => ({ query: "limit=50" }) },
    chat: { args: { q: "Oakland", kind: "site" }, told: `site_id ${acme.oakland} "Acme Oakland"` },
  },
  "billing.export": {
    path: "/billing/export.csv",
    roles: ["finance", "dispatcher"],
    asked: { query: "from=2026-01-01&to=2026-12-31" },
    scope: { by: "rows", ask: () => ({ query: "from=2026-01-01&to=2026-12-31" }) },
    chat: { in: "INVOICED", args: { from: "2026-01-01", to: "2026-12-31" }, told: "lines, total $" },
  },
  "invoice.list": {
    path: "/invoices",
    roles: ["finance", "dispatcher", "customer"],
    scope: { by: "rows", ask: () => ({}) },
    chat: { in: "INVOICED", args: {}, told: "total $352.16" },
  },
  "invoice.get": {
    path: "/invoices/{invoiceId}",
    roles: ["finance", "dispatcher", "customer"],
    scope: { by: "invoice" },
    chat: { args: {}, told: "1. visit 1 labor " },
  },
  "account.get": {
    path: "/accounts/{accountId}",
    roles: directoryReaders,
    scope: { by: "named", send: () => ({ account: borealis.id }) },
    chat: { args: { account_id: acme.name }, told: acme.name },
  },
  "site.get": {
    path: "/sites/{siteId}",
    roles: directoryReaders,
    scope: { by: "named", send: () => ({ site: borealis.albany }) },
    chat: { args: { site_id: "Acme Oakland" }, told: "Ring at the dock." },
  },
  "contact.get": {
    path: "/contacts/{contactId}",
    roles: directoryReaders,
    scope: { by: "named", send: ({ contactId }) => ({ contact: contactId }) },
    chat: { args: {}, told: "Kim Lee" },
  },
  "asset.get": {
    path: "/assets/{assetId}",
    roles: directoryReaders,
    scope: { by: "named", send: () => ({ asset: borealis.oven }) },
    chat: { args: { asset_id: "Front door" }, told: "Front door" },
  },
  "invoice.get_pdf": {
    path: "/invoices/{invoiceId}/document.pdf",
    roles: ["finance", "dispatcher", "customer"],
    scope: { by: "invoice" },
    chat: { args: {}, told: '"application/pdf" of ' },
  },
  "invoice.get_xml": {
    path: "/invoices/{invoiceId}/document.xml",
    roles: ["finance", "dispatcher", "customer"],
    scope: { by: "invoice" },
    chat: { args: {}, told: 'missing "seller.name": say it in price-book.json' },
  },
  "roster.list": {
    path: "/roster",
    roles: dispatcher,
    scope: { by: "desk", reason: roster, ask: () => ({}) },
    chat: { args: {}, told: "Ana" },
  },
  "plan.get": {
    path: "/plans/{planId}",
    roles: dispatcher,
    scope: { by: "plan" },
    chat: { args: {}, told: "no time -> " },
  },
  "plan.list": {
    path: "/plans",
    roles: dispatcher,
    scope: { by: "rows", ask: () => ({}) },
    chat: { args: { day }, told: "PROPOSED for 2026-03-04" },
  },
  "receipt.get": {
    path: "/receipts/{receiptId}",
    roles: allRoles,
    scope: { by: "receipt" },
    chat: { args: {}, told: "is genuine" },
  },
  "ops.autonomy.state": {
    path: "/ops/autonomy/state",
    roles: dispatcher,
    scope: { by: "rows", ask: () => ({}) },
    chat: { args: {}, told: "paused" },
  },
  "ops.autonomy.replay": {
    path: "/ops/autonomy/replay/{ticketId}",
    roles: dispatcher,
    chat: { in: "NEW", args: {}, told: "paused" },
  },
  "task.list": {
    path: "/api/v1/tasks",
    roles: taskReaders,
    scope: { by: "rows", ask: () => ({ query: "limit=100" }) },
    chat: { task: "assigned", args: { status: ["assigned", "queued"], limit: 1 }, told: "more: cursor " },
  },
  "task.check": {
    path: "/api/v1/tasks/{taskId}",
    roles: taskReaders,
    scope: ofTask,
    chat: { task: "completed", args: {}, told: "in warranty" },
  },
  "task.events": {
    path: "/api/v1/tasks/{taskId}/events",
    roles: taskReaders,
    scope: ofTask,
    chat: { task: "in_progress", args: {}, told: "task.progress by" },
  },
  "task.explain": {
    path: "/api/v1/tasks/{taskId}/explain",
    roles: taskReaders,
    scope: ofTask,
    chat: { task: "pending", args: {}, told: "not ranked yet" },
  },
  "worker.list": {
    path: "/api/v1/agents",
    roles: controllers,
    scope: { by: "desk", reason: "a worker's row holds counts and no ticket", ask: () => ({}) },
    chat: { task: "assigned", args: {}, told: 'worker "clerk" ready' },
  },
  "workforce.stats": {
    path: "/api/v1/stats",
    roles: controllers,
    scope: { by: "desk", reason: "counts of all tasks; no id", ask: () => ({}) },
    chat: { task: "pending", args: {}, told: "pending" },
  },
  "approval_request.list": {
    path: "/approval-requests",
    roles: ["dispatcher", "approver", "admin"],
    scope: { by: "rows", ask: () => ({}) },
    chat: { args: {}, told: "READ approval_request.list" },
  },
  "approval_request.get": {
    path: "/approval-requests/{approvalRequestId}",
    roles: ["dispatcher", "approver", "admin"],
    scope: { by: "named", send: ({ approvalRequest }) => ({ approvalRequest }) },
    chat: { args: {}, told: "ticket.cancel on ticket" },
  },
  "control.brief": {
    path: "/api/v1/control/brief",
    roles: ["control", "dispatcher"],
    scope: { by: "rows", ask: () => ({}) },
    chat: { args: {}, told: "Do no work yourself" },
  },
  "room.list": {
    path: "/api/v1/rooms",
    roles: controllers,
    scope: { by: "desk", reason: "a room's row names no customer", ask: () => ({}) },
    chat: { args: {}, told: "desk by inbox" },
  },
  "room.board": {
    path: "/api/v1/rooms/board",
    roles: controllers,
    scope: { by: "desk", reason: "counts by room; no id of a customer's", ask: () => ({}) },
    chat: { args: {}, told: "done today" },
  },
  "room.status": {
    path: "/api/v1/rooms/{roomId}",
    roles: controllers,
    scope: { by: "rows", ask: ({ room }) => ({ room }) },
    chat: { args: {}, told: "0 pushes wait" },
  },
  "room.history": {
    path: "/api/v1/rooms/{roomId}/history",
    roles: controllers,
    scope: { by: "rows", ask: ({ room }) => ({ room }) },
    chat: { args: { limit: 5 }, told: "no word on record" },
  },
  "event.list": {
    path: "/api/v1/control/events",
    roles: controllers,
    scope: { by: "rows", ask: () => ({}) },
    chat: { args: { all: true }, told: "from room" },
  },
};
export const queryCases: Readonly<Record<QueryName, TicketQuery | DeskQuery>> = cases;

export type QueryRow = QueryFacts & { readonly tool: QueryName };

export const queryTable: readonly QueryRow[] = queryEntries.map(([tool]) => ({ tool, ...queryCases[tool] }));
