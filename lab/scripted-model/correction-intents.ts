// Sentences that put right what a ticket says, add to it, take checked work back, and open what follows from it.

import type { JsonObject } from "../../dispatch/kernel/json.ts";
import { centsIn, incidentIn, onTicket, priorityIn, reasonIn, type Intent, type Speaking } from "./intent.ts";
import { eitherOf } from "./patterns.ts";

/** What people call a field, and what it takes. */
const fields: readonly (readonly [RegExp, (said: string) => JsonObject | null])[] = [
  [/^(?:summary|problem|title)$/i, (summary) => ({ summary })],
  [/^(?:description|details)$/i, (description) => ({ description })],
  [/^(?:customer|caller|name|customer's name|caller's name)$/i, (customer_name) => ({ customer_name })],
  [/^(?:phone|number|phone number)$/i, (customer_phone) => ({ customer_phone })],
  [/^e-?mail$/i, (customer_email) => ({ customer_email })],
  [/^priority$/i, (said) => present("priority", priorityIn(said))],
  [/^(?:limit|nte)$/i, (said) => present("nte_cents", centsIn(`$${said.replace(/^\$/, "")}`))],
  [/^(?:incident type|kind|kind of work|type)$/i, (said) => present("incident_type", incidentIn(said))],
];
const present = (field: string, value: string | number | null): JsonObject | null =>
  value === null ? null : { [field]: value };

const change = /^(?:change|correct|set) (?:the |its |their )?([a-z' -]+?) (?:to|into) (.+)$/is;
const wrongNumber = /^(?:the |their )?(?:phone )?number is wrong[,;:]? (?:it is|it's) (.+)$/is;
const howSoon = /^it (?:is|has become)(?: an?)? (emergency|urgent|routine)(?: after all| now)?[.!]*$/i;

const kinds: readonly (readonly [string, RegExp])[] = [
  ["warranty", /\bwarrant|\bguarantee|\bfor (?:free|nothing)\b|\bour (?:fault|work)\b/i],
  ["further_work", /\b(?:further|more) work\b|\bmore to (?:be done|do)\b|\b(?:other|second|next) door\b/i],
];

export const correctionIntents: readonly Intent[] = [
  {
    example: "change the phone number to 510 555 0199",
    tool: "ticket_update",
    pattern: eitherOf(change, wrongNumber, howSoon),
    endsInFreeWords: true,
    step: onTicket("ticket_update", correction),
  },
  {
    example: "note that the gate code is 4711",
    tool: "ticket_add_note",
    pattern: /^(?:add a note|note|write down)\b(?!.*\b(?:s3|https?|gs):\/\/)(?::| that|,)?\s+(.+)$/is,
    endsInFreeWords: true,
    step: onTicket("ticket_add_note", ({ match }) => {
      const text = (match[1] ?? "").trim();
      const isForCustomer = /^(?:for|to) the customer(?::| that|,)?\s+/i;
      return isForCustomer.test(text)
        ? { text: text.replace(isForCustomer, ""), visibility: "customer" }
        : { text, visibility: "internal" };
    }),
  },
  {
    example: "take it back from quality because the photo shows another door",
    tool: "qa_reopen",
    pattern: /^(?:reopen|take) (?:it|the work|the job)(?: back)?(?: from (?:quality|qa|the check))?\b/i,
    endsInFreeWords: true,
    step: onTicket("qa_reopen", ({ sentence }) => {
      const reason = reasonIn(sentence);
      if (reason === null) return 'Why? Who did the work will read it: say "reopen it because …".';
      const isVisit = /\b(?:another|new|second) visit\b/i.test(sentence);
      return { reasons: [reason], ...(isVisit && { workflow_outcome: "READY_TO_SCHEDULE" }) };
    }),
  },
  {
    example: "ask for $200 more because the frame was bent",
    tool: "billing_request_limit",
    pattern: /^(?:ask|request) (?:finance |the approver |them )?for (?:a higher limit|(?:up to )?\$\s*[\d,.]+ more)\b/i,
    endsInFreeWords: true,
    step: onTicket("billing_request_limit", ({ sentence }) => {
      const [cents, reason] = [centsIn(sentence), reasonIn(sentence)];
      return cents === null || reason === null
        ? 'How much more, and why? Say "ask for $200 more because the frame was bent".'
        : { amount_delta_cents: cents, reason };
    }),
  },
  {
    example: "it leaks again, same door",
    tool: "ticket_follow_up",
    pattern: eitherOf(
      /^(?:it|that|the [a-z]+(?: [a-z]+)?) (?:[a-z]+(?: [a-z]+)?) again\b/,
      /^(?:it is|it's|the fault is) back\b/,
      /^(?:open|create|make) (?:a|the) (?:warranty )?follow[- ]up\b/,
      /^(?:further|more) work (?:is needed|is to be done|follows)\b/,
    ),
    endsInFreeWords: true,
    step: onTicket("ticket_follow_up", followUp),
  },
];

function correction({ sentence }: Speaking): JsonObject | string {
  const [, phone] = wrongNumber.exec(sentence) ?? [];
  if (phone !== undefined) return { customer_phone: trimmed(phone) };
  const [, soon] = howSoon.exec(sentence) ?? [];
  if (soon !== undefined) return { priority: soon.toUpperCase() };
  const [, field = "", said = ""] = change.exec(sentence) ?? [];
  const known = fields.find(([words]) => words.test(field.trim()));
  const value = known?.[1](trimmed(said)) ?? null;
  return (
    value ??
    "Change what to what? I know the summary, description, caller, phone number, e-mail, priority, limit and kind of work."
  );
}

const trimmed = (text: string): string => text.trim().replace(/[.!]+$/, "");

/** It is a warranty only where a person says so, since that is then done for nothing. */
function followUp({ sentence }: Speaking): JsonObject {
  const kind = kinds.find(([, words]) => words.test(sentence))?.[0] ?? "callback";
  const words = trimmed(sentence);
  return {
    kind,
    summary: (words.charAt(0).toUpperCase() + words.slice(1)).slice(0, 200),
    reason: reasonIn(sentence) ?? words.slice(0, 500),
    ...present("priority", priorityIn(sentence)),
  };
}
