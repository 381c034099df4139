// schedule.confirm: settles on the customer's time, and says when nobody is left who could come.

import type { WarningCode } from "../contract/warnings.ts";
import { statement } from "../db/statement.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { ticketAt } from "./local-times.ts";
import { loadCalendar, promiseWarnings } from "./promise.ts";
import { arrivalFor } from "./arrival-window.ts";
import { requireVisitWindows } from "./visit-window.ts";
import { utcWindow } from "./windows.ts";
import { policyOf } from "../ticket/policy-of.ts";

// As the worker puts down what it found, so that this is shown and told of in the same way, until it has looked itself.
const setFound = statement(
  "schedule_confirm_found",
  `UPDATE tickets SET assign_reason = 'NOBODY_AVAILABLE', assign_unable = $2 WHERE id = $1`,
);

export const scheduleConfirm = ticketCommand({
  name: "schedule.confirm",
  load: (tx, call) => loadCalendar(tx, call, utcWindow(call.input)),
  decide(call, calendar) {
    const { desk, input, ticket, clockTime } = call;
    const { start, end } = utcWindow(input);
    requireVisitWindows({ policy: policyOf(desk, ticket), ticket, clockTime }, [{ at: "", window: { start, end } }]);
    const proposed = ticket.proposed_windows.some((one) => one.start === start && one.end === end);
    if (desk.policy.confirmMustMatchProposal && !proposed) {
      const rejected = [{ start, end, reason: "NOT_PROPOSED" }];
      throw new Refusal("WINDOW_NOT_PROPOSED", { rejected, proposed: ticket.proposed_windows });
    }
    if (desk.policy.confirmRefusesPastWindow && Date.parse(start) < Date.parse(clockTime)) {
      throw new Refusal("WINDOW_IN_PAST", { rejected: [{ start, end, reason: "IN_PAST" }], now: clockTime });
    }
    const arrival = arrivalFor(call, { start, end });
    const warnings = promiseWarnings(call, calendar, { start, end });
    const warned = (asked: WarningCode) => warnings.some(({ code }) => code === asked);
    return {
      path: ["SCHEDULED"],
      change: {
        scheduled_start: start,
        scheduled_end: end,
        arrival_start: arrival?.start ?? null,
        arrival_end: arrival?.end ?? null,
        attention_code: warned("PROMISED_TWICE") ? "PROMISED_TWICE" : null,
      },
      payload: { start, end, was_proposed: proposed, ...(arrival && { arrival_window: arrival }) },
      warnings,
      write: (tx) =>
        warned("NOBODY_ABLE") || warned("NOBODY_FREE") ? [tx.row(setFound, [ticket.id, warned("NOBODY_ABLE")])] : [],
      body: (after) => ticketAt(after, calendar.site),
    };
  },
});
