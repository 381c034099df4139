// Which command's receipt proves which change. A command that is new stands here, or says why nobody can claim it in words; the
// compiler asks for it.

import type { CommandName } from "../../../dispatch/contract/index.ts";
import type { EffectName } from "./effects.ts";

/** Which effects a command's receipt proves; a text says why nobody would claim it in words of its own. */
export const provenBy: Readonly<Record<CommandName, readonly EffectName[] | string>> = {
  "ticket.create": ["open"],
  "ticket.blind_intake": ["open", "triage"],
  "ticket.request_info": ["askInfo", "update", "sendBack"],
  "ticket.triage": ["triage", "update", "raiseLimit"],
  "ticket.cancel": ["cancel", "release"],
  "ticket.close": ["close"],
  "ticket.return_visit": ["sendBack", "update", "open"],
  "approval.decide": ["decide", "raiseLimit"],
  "approval_request.decide": ["decide"],
  "approval_request.withdraw": ["cancel", "sendBack"],
  "qa.verify": ["verify", "decide"],
  "qa.return_work": ["sendBack"],
  "qa.reopen": ["sendBack"],
  "billing.request_limit": ["askMoney"],
  "billing.generate_invoice": ["invoice"],
  "ops.autonomy.pause": ["pause"],
  "ops.autonomy.rollback": ["resume"],
  "schedule.propose": ["propose"],
  "schedule.confirm": ["book", "come", "decide"],
  "schedule.book": ["book", "come", "assign"],
  "schedule.move": ["move", "book", "come", "update", "assign"],
  "schedule.reopen": ["sendBack", "release", "unassign"],
  "schedule.hold": ["hold"],
  "schedule.release": ["release", "book", "come", "resume"],
  "schedule.rollback": ["release", "sendBack"],
  "assignment.recommend": "it ranks and changes nothing a person would hear of",
  "assignment.dispatch": ["send", "assign", "book", "come"],
  "assignment.override": ["send", "assign", "book", "come", "update"],
  "assignment.transfer": ["send", "assign", "come"],
  "assignment.crew": ["send", "assign", "book", "come", "update", "unassign"],
  "assignment.unassign": ["unassign"],
  "tech.check_in": ["checkIn"],
  "tech.hold": ["hold", "pause"],
  "tech.resume": ["resume"],
  "tech.request_change": ["askMoney"],
  "closeout.request_upload": "it makes an address and records nothing",
  "closeout.add_evidence": ["evidence"],
  "closeout.candidate": ["complete"],
  "closeout.no_work": ["complete"],
  "tech.complete": ["complete"],
  "ticket.update": ["update", "raiseLimit"],
  "ticket.add_note": ["note"],
  "ticket.follow_up": ["open"],
  "billing.credit": ["credit"],
  "roster.upsert": ["roster", "update", "directory"],
  "roster.set_shifts": ["roster", "update"],
  "roster.time_off": ["roster", "book", "update"],
  "roster.drain": ["roster", "update"],
  "roster.undrain": ["roster", "resume", "update"],
  "roster.sign_off": ["roster", "update"],
  "tech.calendar_link": ["link"],
  "plan.optimize": ["plan", "propose"],
  "plan.apply": ["applyPlan", "plan", "move", "book", "come", "assign"],
  "plan.cancel": ["cancel"],
  "account.upsert": ["directory", "update"],
  "site.upsert": ["directory", "update"],
  "contact.upsert": ["directory", "update"],
  "asset.upsert": ["directory", "update"],
  "account.archive": ["directory", "update"],
  "site.archive": ["directory", "update", "close"],
  "contact.archive": ["directory", "update"],
  "asset.archive": ["directory", "update"],
  "site.merge": ["directory"],
  "account.merge": ["directory"],
  "directory.import": ["directory"],
  "task.create": ["task", "open", "assign"],
  "task.update": ["task", "update", "cancel", "assign", "hold"],
  "task.progress": ["task", "update"],
  "task.complete": ["task", "complete"],
  "task.fail": ["task"],
  "worker.register": ["task", "directory", "update"],
  "worker.token": "it hands out a secret, and what is said of it is shown with it",
  "worker.drain": ["task", "roster"],
  "worker.undrain": ["task", "roster", "resume"],
  "worker.wake": ["task"],
  "control.open": ["open"],
  "room.create": ["task", "open", "directory"],
  "room.reset": ["task"],
  "room.push": ["task", "send"],
  "task.dispatch": ["task", "assign", "send"],
  "event.report": ["task"],
  "event.ack": ["task"],
};

const proofs: ReadonlyMap<string, readonly EffectName[] | string> = new Map(Object.entries(provenBy));

/** Whether a receipt of this tool proves the effect. */
export function proves(tool: string, effect: EffectName): boolean {
  const proven = proofs.get(tool);
  return typeof proven === "object" && proven.includes(effect);
}

/** Whether a tool changes anything at all that could be claimed. */
export const changes = (tool: string): boolean => proofs.has(tool);
