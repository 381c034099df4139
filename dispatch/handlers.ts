// The composition root: every command and query of the contract with its handler. One that is missing does not compile.
// Nothing of the wings imports this.

import { aggregates } from "./aggregates.ts";
import type { PipelineName, QueryName } from "./contract/index.ts";
import type { Query } from "./kernel/answer-query.ts";
import type { Command } from "./kernel/command.ts";
import { receiptQuery } from "./kernel/receipt-query.ts";
import { planCommands, planQueries } from "./planning/plan-handlers.ts";
import { directoryCommands, directoryQueries } from "./directory/directory-handlers.ts";
import { approvalRequestCommands, approvalRequestQueries } from "./approval-requests/request-handlers.ts";
import { approvalDecide } from "./field/approval-decide.ts";
import { approvalList } from "./field/approval-list.ts";
import { assignmentCrew } from "./field/assignment-crew.ts";
import { assignmentDispatch } from "./field/assignment-dispatch.ts";
import { assignmentOverride } from "./field/assignment-override.ts";
import { assignmentRecommend } from "./field/assignment-recommend.ts";
import { assignmentReserve } from "./field/assignment-reserve.ts";
import { assignmentTransfer } from "./field/assignment-transfer.ts";
import { assignmentUnassign } from "./field/assignment-unassign.ts";
import { opsAutonomyReplay, opsAutonomyState } from "./field/autonomy-queries.ts";
import { billingRequestLimit } from "./field/billing-request-limit.ts";
import { attentionBegin } from "./field/attention-begin.ts";
import { billingCredit } from "./field/billing-credit.ts";
import { billingExport } from "./field/billing-export.ts";
import { billingGenerateInvoice } from "./field/billing-generate-invoice.ts";
import { closeoutAddEvidence } from "./field/closeout-add-evidence.ts";
import { closeoutGetEvidence } from "./field/closeout-get-evidence.ts";
import { closeoutNoWork } from "./field/closeout-no-work.ts";
import { closeoutRequestUpload } from "./field/closeout-request-upload.ts";
import { closeoutCandidate, techComplete } from "./field/complete-work.ts";
import { dispatcherCockpit } from "./field/dispatcher-cockpit.ts";
import { invoiceGetPdf, invoiceGetXml } from "./field/invoice-files.ts";
import { invoiceGet, invoiceList } from "./field/invoice-queries.ts";
import { opsAutonomyPause, opsAutonomyRollback } from "./field/ops-autonomy.ts";
import { policyActivate } from "./field/policy-activate.ts";
import { qaReopen } from "./field/qa-reopen.ts";
import { qaReturnWork } from "./field/qa-return-work.ts";
import { qaVerify } from "./field/qa-verify.ts";
import { scheduleBook } from "./field/schedule-book.ts";
import { scheduleConfirm } from "./field/schedule-confirm.ts";
import { scheduleExpireHold, scheduleExpireProposal } from "./field/schedule-expire.ts";
import { scheduleHold } from "./field/schedule-hold.ts";
import { scheduleMove } from "./field/schedule-move.ts";
import { schedulePropose } from "./field/schedule-propose.ts";
import { scheduleRelease } from "./field/schedule-release.ts";
import { scheduleReopen } from "./field/schedule-reopen.ts";
import { scheduleRollback } from "./field/schedule-rollback.ts";
import { scheduleSlots } from "./field/schedule-slots.ts";
import { slaBreach, slaWarning } from "./field/sla-tell.ts";
import { techCalendarLink } from "./field/tech-calendar-link.ts";
import { techCheckIn } from "./field/tech-check-in.ts";
import { techDay } from "./field/tech-day.ts";
import { techHold } from "./field/tech-hold.ts";
import { techJobPacket } from "./field/tech-job-packet.ts";
import { techRequestChange } from "./field/tech-request-change.ts";
import { techResume } from "./field/tech-resume.ts";
import { ticketAddNote } from "./field/ticket-add-note.ts";
import { ticketBlindIntake } from "./field/ticket-blind-intake.ts";
import { ticketCancel } from "./field/ticket-cancel.ts";
import { ticketClose } from "./field/ticket-close.ts";
import { ticketCreate } from "./field/ticket-create.ts";
import { closeoutListEvidence, ticketGet, ticketTimeline } from "./field/ticket-queries.ts";
import { ticketRequestInfo } from "./field/ticket-request-info.ts";
import { ticketFollowUp } from "./field/ticket-follow-up.ts";
import { ticketReturnVisit } from "./field/ticket-return-visit.ts";
import { ticketSearch } from "./field/ticket-search.ts";
import { ticketTriage } from "./field/ticket-triage.ts";
import { ticketUpdate } from "./field/ticket-update.ts";
import { taskCommands, taskQueries } from "./tasks/task-handlers.ts";
import { leavingCommands } from "./tasks/technician-leaves.ts";
import { roomCommands, roomQueries } from "./rooms/room-handlers.ts";
import { rosterCommands } from "./workforce/roster-handlers.ts";
import { rosterList } from "./workforce/roster-list.ts";

export const commandHandlers: { readonly [N in PipelineName]: Command } = {
  "ticket.create": ticketCreate,
  "ticket.blind_intake": ticketBlindIntake,
  "ticket.request_info": ticketRequestInfo,
  "ticket.triage": ticketTriage,
  "ticket.update": ticketUpdate,
  "ticket.add_note": ticketAddNote,
  "ticket.follow_up": ticketFollowUp,
  "ticket.cancel": ticketCancel,
  "ticket.close": ticketClose,
  "ticket.return_visit": ticketReturnVisit,
  "approval.decide": approvalDecide,
  "qa.verify": qaVerify,
  "qa.return_work": qaReturnWork,
  "qa.reopen": qaReopen,
  "billing.generate_invoice": billingGenerateInvoice,
  "billing.credit": billingCredit,
  "billing.request_limit": billingRequestLimit,
  "ops.autonomy.pause": opsAutonomyPause,
  "ops.autonomy.rollback": opsAutonomyRollback,
  "schedule.propose": schedulePropose,
  "schedule.confirm": scheduleConfirm,
  "schedule.book": scheduleBook,
  "schedule.move": scheduleMove,
  "schedule.reopen": scheduleReopen,
  "schedule.hold": scheduleHold,
  "schedule.release": scheduleRelease,
  "policy.activate": policyActivate,
  "schedule.expire_hold": scheduleExpireHold,
  "schedule.expire_proposal": scheduleExpireProposal,
  "schedule.rollback": scheduleRollback,
  "assignment.recommend": assignmentRecommend,
  "assignment.dispatch": assignmentDispatch,
  "assignment.override": assignmentOverride,
  "assignment.reserve": assignmentReserve,
  "assignment.transfer": assignmentTransfer,
  "assignment.crew": assignmentCrew,
  "assignment.unassign": assignmentUnassign,
  "tech.check_in": techCheckIn,
  "tech.hold": techHold,
  "tech.calendar_link": techCalendarLink,
  "tech.resume": techResume,
  "tech.request_change": techRequestChange,
  "closeout.request_upload": closeoutRequestUpload,
  "closeout.add_evidence": closeoutAddEvidence,
  "closeout.candidate": closeoutCandidate,
  "tech.complete": techComplete,
  "closeout.no_work": closeoutNoWork,
  "attention.begin": attentionBegin,
  "sla.warning": slaWarning,
  "sla.breach": slaBreach,
  ...rosterCommands,
  ...leavingCommands,
  ...planCommands,
  ...directoryCommands,
  ...taskCommands,
  ...roomCommands,
  ...approvalRequestCommands,
};

export const queryHandlers: { readonly [N in QueryName]: Query } = {
  "ticket.get": ticketGet,
  "ticket.timeline": ticketTimeline,
  "ticket.search": ticketSearch,
  "closeout.list_evidence": closeoutListEvidence,
  "closeout.get_evidence": closeoutGetEvidence,
  "approval.list": approvalList,
  "schedule.slots": scheduleSlots,
  "dispatcher.cockpit": dispatcherCockpit,
  "tech.job_packet": techJobPacket,
  "tech.day": techDay,
  "receipt.get": receiptQuery(aggregates),
  "billing.export": billingExport,
  "invoice.list": invoiceList,
  "invoice.get": invoiceGet,
  "invoice.get_pdf": invoiceGetPdf,
  "invoice.get_xml": invoiceGetXml,
  "roster.list": rosterList,
  ...planQueries,
  ...directoryQueries,
  ...taskQueries,
  ...roomQueries,
  ...approvalRequestQueries,
  "ops.autonomy.state": opsAutonomyState,
  "ops.autonomy.replay": opsAutonomyReplay,
};
