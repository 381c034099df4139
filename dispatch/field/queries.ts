// Every query of the contract with its handler. A query that is missing here does not compile.

import type { QueryHandlers } from "../kernel/answer-query.ts";
import { planQueries } from "../planning/plan-handlers.ts";
import { rosterList } from "../workforce/roster-list.ts";
import { approvalList } from "./approval-list.ts";
import { opsAutonomyReplay, opsAutonomyState } from "./autonomy-queries.ts";
import { directorySearch } from "./directory-search.ts";
import { dispatcherCockpit } from "./dispatcher-cockpit.ts";
import { receiptGet } from "./receipt-get.ts";
import { scheduleSlots } from "./schedule-slots.ts";
import { techJobPacket } from "./tech-job-packet.ts";
import { closeoutListEvidence, ticketGet, ticketTimeline } from "./ticket-queries.ts";
import { ticketSearch } from "./ticket-search.ts";

export const queryHandlers: QueryHandlers = {
  "ticket.get": ticketGet,
  "ticket.timeline": ticketTimeline,
  "ticket.search": ticketSearch,
  "closeout.list_evidence": closeoutListEvidence,
  "approval.list": approvalList,
  "schedule.slots": scheduleSlots,
  "dispatcher.cockpit": dispatcherCockpit,
  "tech.job_packet": techJobPacket,
  "directory.search": directorySearch,
  "receipt.get": receiptGet,
  "roster.list": rosterList,
  ...planQueries,
  "ops.autonomy.state": opsAutonomyState,
  "ops.autonomy.replay": opsAutonomyReplay,
};
