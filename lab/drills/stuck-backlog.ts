// Tickets that stand still in scheduling: nobody proposes a time for them.

import type { Drill } from "./drill.ts";
import type { Ground } from "./ground.ts";

const tickets = 6;

export const stuckBacklog: Drill = {
  name: "stuck-backlog",
  about: `${tickets} tickets wait for a time for longer than an hour`,
  told: { by: /alert STUCK_SCHEDULING/, withinMs: 30_000 },
  reads: { must: [/STUCK_SCHEDULING/], mustNot: [/unavailable/, /none fires/] },
  seconds: 20,
  runbook: "ops/runbooks/stuck_scheduling.md",
  async provoke(ground) {
    const ids = await Promise.all(Array.from({ length: tickets }, (_, n) => waitingTicket(ground, n)));
    // An hour and a half passes for them.
    await ground.sql.query(
      "UPDATE tickets SET last_transition_at = last_transition_at - interval '90 minutes' WHERE id = ANY ($1)",
      [ids],
    );
  },
  mend: {
    by: "cause",
    async fix({ dispatcher, sql }) {
      const { rows } = await sql.query<{ id: string }>("SELECT id FROM tickets WHERE state = 'READY_TO_SCHEDULE'");
      for (const { id } of rows) await dispatcher.does("schedule.book", id, {});
      return `booked all ${rows.length} with schedule.book`;
    },
  },
};

async function waitingTicket({ dispatcher, accountId, siteId }: Ground, n: number): Promise<string> {
  const { id } = await dispatcher.does("ticket.create", null, {
    account_id: accountId,
    site_id: siteId,
    summary: `Drill: door ${n + 1} does not latch`,
  });
  await dispatcher.does("ticket.triage", id, {
    priority: "ROUTINE",
    incident_type: "DOOR_WONT_LATCH",
    ready_to_schedule: true,
  });
  return id;
}
