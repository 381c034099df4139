// What a server must offer before the first migration touches it, asked in advance because
// a refusal in the middle of a migration says less. It must not change anything.
import type { ClientBase } from "pg";
import { MigrationError } from "./error.ts";

const oldestServer = 150_000;
const extensions = ["btree_gist", "pg_trgm"];

type Rights = {
  user_name: string;
  database_name: string;
  may_create_in_schema: boolean;
  may_create_in_database: boolean;
  may_create_roles: boolean;
  app_role_exists: boolean;
  may_use_app_role: boolean;
  may_grant_app_role: boolean;
  missing_extensions: string[];
  unavailable_extensions: string[];
};

/**
 * Checks what every migration needs of the server.
 * @returns its version as a number (180004).
 * @throws {MigrationError} `server_too_old` or `read_only`.
 */
export async function requireUsableServer(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ version_number: number; version: string; read_only: boolean }>(
    `SELECT current_setting('server_version_num')::int AS version_number,
            current_setting('server_version') AS version,
            pg_is_in_recovery() OR current_setting('transaction_read_only')::bool AS read_only`,
  );
  const server = rows[0];
  if (server === undefined) throw new Error("the server answered a question about itself with no row");
  if (server.version_number < oldestServer) {
    throw new MigrationError(
      "server_too_old",
      `The database server is PostgreSQL ${server.version}; Dispatch needs 15 or newer.`,
    );
  }
  if (server.read_only) {
    throw new MigrationError("read_only", "The database server is read-only (a standby?): give the primary's address.");
  }
  return server.version_number;
}

/**
 * Checks the rights a new database's first migration needs on a server of `version`.
 * @throws {MigrationError} `missing_right` or `missing_extension`, saying which and who can grant it.
 */
export async function requireRightsToCreate(client: ClientBase, version: number): Promise<void> {
  const { rows } = await client.query<Rights>(
    `SELECT current_user AS user_name,
            current_database() AS database_name,
            has_schema_privilege('public', 'CREATE') AS may_create_in_schema,
            has_database_privilege(current_database(), 'CREATE') AS may_create_in_database,
            me.rolsuper OR me.rolcreaterole AS may_create_roles,
            app.oid IS NOT NULL AS app_role_exists,
            -- Since 16 a member may be one without SET ROLE, and CREATEROLE no longer hands out others' roles.
            coalesce(pg_has_role(app.oid, CASE WHEN $2 < 160000 THEN 'MEMBER' ELSE 'SET' END), false) AS may_use_app_role,
            me.rolsuper OR coalesce(pg_has_role(app.oid, 'MEMBER WITH ADMIN OPTION'), false)
              OR me.rolcreaterole AND $2 < 160000 AS may_grant_app_role,
            array(SELECT name FROM unnest($1::text[]) AS name
                   WHERE name NOT IN (SELECT extname FROM pg_extension)) AS missing_extensions,
            array(SELECT name FROM unnest($1::text[]) AS name
                   WHERE name NOT IN (SELECT name FROM pg_available_extensions)) AS unavailable_extensions
       FROM pg_roles AS me
       LEFT JOIN pg_roles AS app ON app.rolname = 'dispatch_app'
      WHERE me.rolname = current_user`,
    [extensions, version],
  );
  const server = rows[0];
  if (server === undefined) throw new Error("the server does not know its own current user");
  const unavailable = server.missing_extensions.filter((name) => server.unavailable_extensions.includes(name));
  if (unavailable.length > 0) {
    throw new MigrationError(
      "missing_extension",
      `The database server does not offer the extension ${unavailable.join(" and ")}: install PostgreSQL's contrib package.`,
    );
  }
  const missing = missingRights(server);
  if (missing.length === 0) return;
  throw new MigrationError(
    "missing_right",
    `User ${server.user_name} may not prepare database ${server.database_name}; an administrator can allow it by: ` +
      missing.join("; "),
  );
}

/** Each as the statement that grants it: shorter and more exact than a description. */
function missingRights(server: Rights): string[] {
  const user = quoted(server.user_name);
  const missing: string[] = [];
  if (!server.may_create_in_schema) missing.push(`GRANT CREATE ON SCHEMA public TO ${user}`);
  if (!server.may_create_in_database && server.missing_extensions.length > 0) {
    missing.push(`GRANT CREATE ON DATABASE ${quoted(server.database_name)} TO ${user}`);
  }
  if (!server.app_role_exists && !server.may_create_roles) missing.push(`ALTER ROLE ${user} CREATEROLE`);
  if (server.app_role_exists && !server.may_use_app_role && !server.may_grant_app_role) {
    missing.push(`GRANT dispatch_app TO ${user}`);
  }
  return missing;
}

function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
