// What is in force, and what was before.

import { statement } from "../../db/statement.ts";
import { withConnections, withDatabase } from "../../process/configured-database.ts";
import type { Settings } from "../../process/settings.ts";
import type { Said } from "./said.ts";

const selectVersions = statement<{
  version: number;
  hash: string;
  activated_by: string;
  activated_at: string;
  tickets: number;
}>(
  "policy_versions_show",
  `SELECT v.version, v.hash, v.activated_by, v.activated_at,
          (SELECT count(*) FROM tickets t WHERE t.is_open AND coalesce(t.policy_version, 0) = v.version) AS tickets
   FROM policy_versions v ORDER BY v.version DESC LIMIT 50`,
);

type About = { readonly settings: Settings; readonly say: (message: string) => void };

/** @throws what a database that cannot be reached does */
export async function showPolicy({ settings, say }: About): Promise<Said> {
  const connecting = {
    name: "dispatch-policy",
    statementTimeoutMs: 60_000,
    lockTimeoutMs: settings.dbLockTimeoutMs,
    log: say,
  };
  const versions = await withDatabase(settings, say, (url) =>
    withConnections({ ...connecting, url }, (db) => db.rows(selectVersions, [])),
  );
  const [newest] = versions;
  const folder = settings.policyDir ?? "the shipped rules";
  const live = newest && newest.version > 0 ? newest.version : null;
  return {
    result: { live, versions },
    lines: [
      live === null
        ? `nothing was activated: in force is ${folder}, as each process was started`
        : `in force: version ${live}`,
      ...versions.map(
        ({ version, hash, activated_by, activated_at, tickets }) =>
          `${version === 0 ? "before the first" : `version ${version}`}  ${activated_at}  ${activated_by}  ` +
          `${hash.slice(0, 12)}  open tickets: ${tickets}`,
      ),
    ],
  };
}
