// The login that API and workers have on the embedded server. It is no superuser, so the connections the server keeps for
// superusers are left to whoever comes as the owner: operators' commands, and the supervisor.

import pg from "pg";

/** Has no password: over the server's private socket none is asked for, and where one is, this login gets nobody in. */
export const serviceLogin = "dispatch_service";

const connectWithinMs = 10_000;

// Without the second a holder of a lock is named, but neither what it does nor how long its transaction has run.
const rights = ["dispatch_app", "pg_read_all_stats"];

// A number of its own in this database, where no other code locks two numbers.
const turn = "SELECT pg_advisory_xact_lock(1, 37)";

/**
 * Makes the login, or mends it, on a server that has been migrated; writes nothing when it is there as it should be.
 * @param ownerUrl of the embedded server, as its superuser
 * @returns the same address for the login
 * @throws the server's error when it cannot be made
 */
export async function ensureServiceLogin(ownerUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: ownerUrl, connectionTimeoutMillis: connectWithinMs });
  // Without a listener a connection lost between two queries would end the process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    if (!(await isThere(client))) await make(client);
  } finally {
    await client.end().catch(() => undefined);
  }
  const url = new URL(ownerUrl);
  url.username = serviceLogin;
  return url.href;
}

async function isThere(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>(
    `SELECT count(*) > 0 AS there FROM pg_roles AS r
     WHERE rolname = $1 AND rolcanlogin AND rolinherit
       AND NOT (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)
       AND NOT EXISTS (SELECT FROM unnest($2::text[]) AS wanted (name)
                       WHERE NOT pg_has_role(r.oid, wanted.name, 'USAGE'))`,
    [serviceLogin, rights],
  );
  return rows[0]?.there ?? false;
}

async function make(client: pg.Client): Promise<void> {
  const attributes = "LOGIN INHERIT NOSUPERUSER NOCREATEROLE NOCREATEDB NOREPLICATION NOBYPASSRLS";
  await client.query("BEGIN");
  // Processes that start side by side on one data folder make it once.
  await client.query(turn);
  const { rowCount } = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [serviceLogin]);
  await client.query(`${rowCount === 0 ? "CREATE" : "ALTER"} ROLE ${serviceLogin} ${attributes}`);
  await client.query(`GRANT ${rights.join(", ")} TO ${serviceLogin}`);
  await client.query("COMMIT");
}
