// schedule.confirm: settles on the customer's time, and says when nobody is left who could come.

import type { WarningCode } from "../contract/warnings.ts";
import { ticketCommand } from "../ticket/ticket-command.ts";
import { Refusal } from "../kernel/refusal.ts";
import { ticketAt } from "./local-times.ts";
import { loadCalendar, promiseWarnings } from "./promise.ts";
import { requireVisitWindows } from "./visit-window.ts";
import { utcWindow } from "./windows.ts";

const promisedAway: ReadonlySet<WarningCode> = new Set(["NOBODY_FREE", "PROMISED_TWICE"]);

export const scheduleConfirm = ticketCommand({
  name: "schedule.confirm",
  load: (tx, call) => loadCalendar(tx, call, utcWindow(call.input)),
  decide(call, calendar) {
    const { desk, input, ticket, clockTime } = call;
    const { start, end } = utcWindow(input);
    requireVisitWindows({ policy: desk.policy, ticket, clockTime }, [{ at: "", window: { start, end } }]);
    const proposed = ticket.proposed_windows.some((one) => one.start === start && one.end === end);
    if (desk.policy.confirmMustMatchProposal && !proposed) {
      const rejected = [{ start, end, reason: "NOT_PROPOSED" }];
      throw new Refusal("WINDOW_NOT_PROPOSED", { rejected, proposed: ticket.proposed_windows });
    }
    if (desk.policy.confirmRefusesPastWindow && Date.parse(start) < Date.parse(clockTime)) {
      throw new Refusal("WINDOW_IN_PAST", { rejected: [{ start, end, reason: "IN_PAST" }], now: clockTime });
    }
    const warnings = promiseWarnings(call, calendar, { start, end });
    return {
      path: ["SCHEDULED"],
      change: {
        scheduled_start: start,
        scheduled_end: end,
        // Until the worker has looked, which then tells what it found; where none runs, this stays.
        attention_code: warnings.some(({ code }) => promisedAway.has(code)) ? "PROMISED_TWICE" : null,
      },
      payload: { start, end, was_proposed: proposed },
      warnings,
      body: (after) => ticketAt(after, calendar.site),
    };
  },
});
