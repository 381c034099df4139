// How many connections a Postgres server has and how many it may have: when all are in use, nobody new gets in.

import { statement } from "./statement.ts";
import type { Session } from "./transaction.ts";

export type ServerConnections = {
  /** Of all its databases and users. */
  readonly used: number;
  /** For logins that have no reserved ones, as the API's and the worker's should be. */
  readonly most: number;
};

// Of others' sessions everybody sees the database and the user; a background process has none of either. `reserved_connections`
// came with Postgres 16.
export const countConnections = statement<ServerConnections>(
  "server_connections",
  `SELECT (SELECT count(*) FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL) AS used,
          current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
            - coalesce(current_setting('reserved_connections', true), '0')::integer AS most`,
);

export const serverConnections = async (session: Pick<Session, "row">): Promise<ServerConnections> =>
  (await session.row(countConnections)) ?? { used: 0, most: 1 };

/** Percent, rounded up. */
export const usedPercent = ({ used, most }: ServerConnections): number => Math.ceil((100 * used) / most);
