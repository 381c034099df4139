// Every command of the contract, and of the worker, with its handler. A command that is missing here does not compile.

import type { CommandHandlers } from "../kernel/command.ts";
import { planCommands } from "../planning/plan-handlers.ts";
import { rosterCommands } from "../workforce/roster-handlers.ts";
import { approvalDecide } from "./approval-decide.ts";
import { assignmentDispatch } from "./assignment-dispatch.ts";
import { assignmentOverride } from "./assignment-override.ts";
import { assignmentRecommend } from "./assignment-recommend.ts";
import { assignmentUnassign } from "./assignment-unassign.ts";
import { billingGenerateInvoice } from "./billing-generate-invoice.ts";
import { closeoutAddEvidence } from "./closeout-add-evidence.ts";
import { closeoutRequestUpload } from "./closeout-request-upload.ts";
import { closeoutCandidate, techComplete } from "./complete-work.ts";
import { opsAutonomyPause, opsAutonomyRollback } from "./ops-autonomy.ts";
import { qaReturnWork } from "./qa-return-work.ts";
import { qaVerify } from "./qa-verify.ts";
import { scheduleBook } from "./schedule-book.ts";
import { scheduleConfirm } from "./schedule-confirm.ts";
import { scheduleExpireHold, scheduleExpireProposal } from "./schedule-expire.ts";
import { scheduleHold } from "./schedule-hold.ts";
import { schedulePropose } from "./schedule-propose.ts";
import { scheduleRelease } from "./schedule-release.ts";
import { scheduleReopen } from "./schedule-reopen.ts";
import { scheduleRollback } from "./schedule-rollback.ts";
import { slaBreach, slaWarning } from "./sla-tell.ts";
import { techCheckIn } from "./tech-check-in.ts";
import { techHold } from "./tech-hold.ts";
import { techRequestChange } from "./tech-request-change.ts";
import { techResume } from "./tech-resume.ts";
import { ticketBlindIntake } from "./ticket-blind-intake.ts";
import { ticketCancel } from "./ticket-cancel.ts";
import { ticketClose } from "./ticket-close.ts";
import { ticketCreate } from "./ticket-create.ts";
import { ticketRequestInfo } from "./ticket-request-info.ts";
import { ticketReturnVisit } from "./ticket-return-visit.ts";
import { ticketTriage } from "./ticket-triage.ts";

export const commandHandlers: CommandHandlers = {
  "ticket.create": ticketCreate,
  "ticket.blind_intake": ticketBlindIntake,
  "ticket.request_info": ticketRequestInfo,
  "ticket.triage": ticketTriage,
  "ticket.cancel": ticketCancel,
  "ticket.close": ticketClose,
  "ticket.return_visit": ticketReturnVisit,
  "approval.decide": approvalDecide,
  "qa.verify": qaVerify,
  "qa.return_work": qaReturnWork,
  "billing.generate_invoice": billingGenerateInvoice,
  "ops.autonomy.pause": opsAutonomyPause,
  "ops.autonomy.rollback": opsAutonomyRollback,
  "schedule.propose": schedulePropose,
  "schedule.confirm": scheduleConfirm,
  "schedule.book": scheduleBook,
  "schedule.reopen": scheduleReopen,
  "schedule.hold": scheduleHold,
  "schedule.release": scheduleRelease,
  "schedule.expire_hold": scheduleExpireHold,
  "schedule.expire_proposal": scheduleExpireProposal,
  "schedule.rollback": scheduleRollback,
  "assignment.recommend": assignmentRecommend,
  "assignment.dispatch": assignmentDispatch,
  "assignment.override": assignmentOverride,
  "assignment.unassign": assignmentUnassign,
  "tech.check_in": techCheckIn,
  "tech.hold": techHold,
  "tech.resume": techResume,
  "tech.request_change": techRequestChange,
  "closeout.request_upload": closeoutRequestUpload,
  "closeout.add_evidence": closeoutAddEvidence,
  "closeout.candidate": closeoutCandidate,
  "tech.complete": techComplete,
  "sla.warning": slaWarning,
  "sla.breach": slaBreach,
  ...rosterCommands,
  ...planCommands,
};
