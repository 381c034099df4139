// A technician reports work as done, again and again, without the evidence it demands.

import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { isSentAlready } from "../demo/send-technician.ts";
import { ageSignals } from "./age-signals.ts";
import type { Drill } from "./drill.ts";

const attempts = 4;

export const completionRejections: Drill = {
  name: "completion-rejections",
  about: `a technician completes work without evidence, ${attempts} times`,
  told: { by: /alert COMPLETION_REJECTION_SPIKE/, withinMs: 30_000 },
  reads: { must: [/COMPLETION_REJECTION_SPIKE/], mustNot: [/unavailable/, /none fires/] },
  seconds: 15,
  runbook: "ops/runbooks/completion_rejection.md",
  async provoke({ dispatcher, technician, accountId, siteId }) {
    const { id } = await dispatcher.does("ticket.create", null, {
      account_id: accountId,
      site_id: siteId,
      summary: "Drill: door closer slams",
    });
    await dispatcher.does("ticket.triage", id, {
      priority: "ROUTINE",
      incident_type: "CLOSER_LEAKING_OR_SLAMMING",
      ready_to_schedule: true,
    });
    const { booking } = await dispatcher.does("schedule.book", id, {});
    // The worker may have been quicker: it sends whom the booking names, too.
    const sent = await dispatcher.attempts("assignment.dispatch", id, { tech_id: booking.technician_id });
    if (!sent.ok && !isSentAlready(sent.refusal))
      throw new CommandFailure(`${sent.refusal.code}: ${sent.refusal.message}`);
    await technician.does("tech.check_in", id, { timestamp: new Date().toISOString() });
    for (let n = 0; n < attempts; n++) await technician.isRefused("tech.complete", id, { checklist_status: {} });
  },
  mend: { by: "cause", fix: ({ sql }) => ageSignals(sql) },
};
