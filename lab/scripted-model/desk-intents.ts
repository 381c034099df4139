// Sentences about the desk as a whole, and about what is on record.

import {
  call,
  incidentIn,
  once,
  onTicket,
  reasonIn,
  say,
  ticketMeant,
  whichTicket,
  type Intent,
  type Speaking,
  type Step,
} from "./intent.ts";
import { uuidAnywhere } from "./tool-result.ts";
import { eitherOf } from "./patterns.ts";

export const deskIntents: readonly Intent[] = [
  {
    example: "what is burning?",
    tool: "dispatcher_cockpit",
    pattern: eitherOf(
      /^what(?:'s|s| is| should (?:i|we))\b.*\b(?:burning|on fire|urgent|late|next|open|waiting|first|do)\b/,
      /^(?:show (?:me )?)?the (?:queue|board|cockpit)\b/,
    ),
    reads: true,
    step: once(() => call({ name: "dispatcher_cockpit", args: {} })),
  },
  {
    example: "find tickets about the front door",
    tool: "ticket_search",
    pattern: /^(?:find|search)(?: for)?(?: the)?(?: tickets?)?(?: (?:about|for|with))? (.+)$/is,
    reads: true,
    endsInFreeWords: true,
    step: once(({ match }) =>
      call({ name: "ticket_search", args: { q: (match[1] ?? "").replace(/[?.!]+$/, "").slice(0, 200), limit: 5 } }),
    ),
  },
  {
    example: "show the ticket",
    tool: "ticket_get",
    pattern: eitherOf(
      /^(?:(?:show|read)(?: me)?|how is|where is|what about) (?:it|the ticket|this ticket|ticket\b.*|t-\d+)[?.!]*$/,
      /^(?:ticket )?(?:[0-9a-f-]{36}|t-\d+)$/,
    ),
    reads: true,
    step: onTicket("ticket_get"),
  },
  {
    example: "show the timeline",
    tool: "ticket_timeline",
    pattern: /^(?:(?:show|read)(?: me)? )?(?:the |its )?(?:timeline|history)\b|^what (?:has )?happened\b/i,
    reads: true,
    step: onTicket("ticket_timeline"),
  },
  {
    example: "is that true? show me the receipt",
    tool: "receipt_get",
    pattern:
      /^is (?:that|it|this) (?:really )?true\b|^(?:show (?:me )?)?(?:the |that |its )?receipt\b|^prove (?:it|that)\b/i,
    reads: true,
    step: once(receipt),
  },
  {
    example: "status",
    tool: "dispatch_contract_status",
    pattern: eitherOf(
      /^(?:what(?:'s| is) )?(?:the )?status\b/,
      /^is (?:everything|all) (?:there|up|ok|okay|fine|well|working)\b/,
      /^are you (?:up|there|ok|okay)\b/,
      /^who am i\b/,
    ),
    reads: true,
    step: once(() => call({ name: "dispatch_contract_status", args: {} })),
  },
  {
    example: "pause everything because the power is out",
    tool: "ops_autonomy_pause",
    pattern: /^(?:pause|halt|stop)\b/i,
    endsInFreeWords: true,
    step: once((speaking) =>
      inScope(speaking, (scope) => {
        const reason = reasonIn(speaking.sentence);
        return reason === null
          ? say('Why? People who meet the pause will want to know: say "pause everything because …".')
          : call({ name: "ops_autonomy_pause", args: { ...scope, reason } });
      }),
    ),
  },
  {
    example: "resume everything",
    tool: "ops_autonomy_rollback",
    pattern: /^(?:resume|unpause)\b/i,
    endsInFreeWords: true,
    step: once((speaking) =>
      inScope(speaking, (scope) => {
        const reason = reasonIn(speaking.sentence);
        return call({ name: "ops_autonomy_rollback", args: { ...scope, ...(reason !== null && { reason }) } });
      }),
    ),
  },
];

function receipt({ sentence, memory }: Speaking): Step {
  const receiptId = uuidAnywhere.exec(sentence)?.[0] ?? memory.receiptId;
  if (receiptId === null) return say("There is no receipt in this conversation yet: nothing was changed in it.");
  return call({ name: "receipt_get", args: { receipt_id: receiptId } });
}

type Scope = {
  readonly scope_type: "GLOBAL" | "INCIDENT" | "TICKET";
  readonly incident_type?: string;
  readonly ticket_id?: string;
};

/** How far a sentence reaches, as it says before any reason. */
function inScope(speaking: Speaking, then: (scope: Scope) => Step): Step {
  const [, target = ""] = /^\S+\s*(.*?)(?:\s+(?:because|since)\b.*)?[.!]*$/is.exec(speaking.sentence) ?? [];
  if (/^(?:everything|all|the (?:whole )?desk|automation|automatic work)\b/i.test(target))
    return then({ scope_type: "GLOBAL" });
  if (/^(?:it|this|(?:this |the )?ticket)\b/i.test(target)) {
    const ticketId = ticketMeant(speaking);
    return ticketId === null ? whichTicket : then({ scope_type: "TICKET", ticket_id: ticketId });
  }
  const incidentType = incidentIn(target);
  if (incidentType !== null) return then({ scope_type: "INCIDENT", incident_type: incidentType });
  return say("How far: everything, the ticket, or one kind of fault, for example the door closers?");
}
