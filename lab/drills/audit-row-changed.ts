// Somebody with the owner's login changes what an event of the audit trail says. Nothing stops working, which is why nobody
// would notice.

import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { Drill } from "./drill.ts";
import type { Ground } from "./ground.ts";

/** The worker looks every minute at what changed lately; no dispatcher's work stands still meanwhile. */
const toldWithinMs = 90_000;

export const auditRowChanged: Drill = {
  name: "audit-row-changed",
  about: "the owner of the database changes a row of the audit trail",
  told: { by: /alert AUDIT_/, withinMs: toldWithinMs },
  reads: { must: [/AUDIT_(CHAIN_)?BROKEN/], mustNot: [/unavailable/, /alerts: none fires/] },
  runbook: "ops/runbooks/audit_broken.md",
  wellWithinMs: toldWithinMs,
  seconds: 90,
  async provoke(ground) {
    const { rows } = await ground.sql.query<{ id: string; actor_id: string }>(
      "SELECT id::text, actor_id FROM audit_events WHERE tool_name = 'ticket.create' ORDER BY created_at DESC LIMIT 1",
    );
    const [event] = rows;
    if (event === undefined) throw new CommandFailure("The drill's desk has no event that could be changed.");
    await rename(ground, event.id, "somebody else");
    return { undo: () => rename(ground, event.id, event.actor_id) };
  },
  mend: {
    by: "page",
    command: "pnpm dispatch:audit:verify --accept",
    run: 'pnpm dispatch:audit:verify --accept "drill: a row was changed by hand"',
  },
};

const rename = async ({ sql }: Ground, id: string, actor: string): Promise<void> => {
  await sql.query("UPDATE audit_events SET actor_id = $2 WHERE id = $1", [id, actor]);
};
