// A report tool opens sessions and never closes one, until Postgres takes no more.

import pg from "pg";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { workStopsMs, type Drill } from "./drill.ts";
import type { Ground } from "./ground.ts";

const login = "drill_report";
const atOnce = 20;

export const connectionsUsedUp: Drill = {
  name: "connections-used-up",
  about: "a report tool keeps idle sessions until Postgres lets no further client in",
  told: { by: /CONNECTIONS_HIGH|health 503 postgres|DATABASE_UNAVAILABLE/, withinMs: workStopsMs },
  reads: {
    must: [/too many clients|connections|CONNECTIONS_HIGH/],
    mustNot: [/Start the API/, /Postgres is (away|unavailable)/, /alerts: none fires/],
  },
  runbook: "ops/runbooks/database_unavailable.md",
  seconds: 30,
  async provoke(ground) {
    const clients = await openAll(ground);
    return { undo: () => closeAll(ground, clients) };
  },
  mend: {
    by: "cause",
    async fix({ sql }) {
      const { rowCount } = await sql.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1",
        [login],
      );
      return `ended the report tool's ${rowCount ?? 0} sessions`;
    },
  },
};

/** Until the server says that there are too many; those it keeps for its owner are left. */
async function openAll({ databaseUrl, sql }: Ground): Promise<pg.Client[]> {
  await sql.query(`DROP ROLE IF EXISTS ${login}`);
  await sql.query(`CREATE ROLE ${login} LOGIN`);
  const asReport = new URL(databaseUrl);
  asReport.username = login;
  const clients: pg.Client[] = [];
  for (;;) {
    const outcomes = await Promise.allSettled(
      Array.from({ length: atOnce }, async () => {
        const client = new pg.Client({ connectionString: asReport.href });
        client.on("error", () => undefined);
        await client.connect();
        clients.push(client);
      }),
    );
    const refused = outcomes.find((one) => one.status === "rejected");
    if (refused === undefined) continue;
    const reason: unknown = refused.reason;
    // 53300: too many clients, or only those of the owner are left.
    if (reason instanceof Error && "code" in reason && reason.code === "53300") return clients;
    throw new CommandFailure(`The report tool's sessions cannot be opened: ${String(reason)}`);
  }
}

async function closeAll({ sql }: Ground, clients: pg.Client[]): Promise<void> {
  await Promise.allSettled(clients.splice(0).map((client) => client.end()));
  await sql.query(`DROP ROLE IF EXISTS ${login}`);
}
