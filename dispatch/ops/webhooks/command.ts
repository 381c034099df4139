// `pnpm dispatch:webhooks`: the operator's hand on where events are sent: endpoints, their secrets, what could not be
// delivered. No tool of the chat reaches any of it.

import { configurationFrom, readSettings } from "../../process/settings.ts";
import { CommandFailure, runCommand } from "../../process/command-line.ts";
import { withConnections, withDatabase } from "../../process/configured-database.ts";
import { actions, type Action } from "./actions.ts";

export const webhooksCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:webhooks",
      configuration: () => configurationFrom(),
      about: `Manages the webhooks that events are sent to. An endpoint gets the events of every account.

  add           a new endpoint: --url, and --subject for each pattern of subjects (all without). Prints its secret, once
  list          the endpoints, with what waits for each and what was given up
  remove        an endpoint and all that waits for it: --endpoint
  pause         sends nothing to an endpoint; its queue grows meanwhile: --endpoint, --reason
  resume        sends again, at once what waits: --endpoint
  rotate        a new secret; the one before signs too for --overlap-hours: --endpoint
  test          sends one event to an endpoint now, and says what it answered: --endpoint
  dead-letters  what was given up, the newest first: --id, --endpoint, --since, --until, --limit
  replay        puts dead letters back into the queue: by --id, --endpoint, --since, --until, or --all
  discard       throws dead letters away for good: chosen like those to replay`,
      operands: { ACTION: "one of the above" },
      options: {
        url: { type: "string" },
        subject: { type: "string", multiple: true },
        endpoint: { type: "string" },
        id: { type: "string", multiple: true },
        since: { type: "string" },
        until: { type: "string" },
        all: { type: "boolean" },
        limit: { type: "string" },
        reason: { type: "string" },
        "overlap-hours": { type: "string" },
        json: { type: "boolean" },
        "database-url": { type: "string" },
      },
      meanings: {
        url: "where events are sent; https, except to this machine or without NODE_ENV=production",
        subject: "such as 'field.ticket.*.ticket_close' or 'field.>'; may be given again",
        endpoint: "an endpoint's id, from list",
        id: "a dead letter's id; may be given again",
        since: "events of this time and later, ISO 8601",
        until: "events before this time, ISO 8601",
        all: "every dead letter",
        limit: "dead letters shown; 50 unless given",
        reason: "why, for the next person who looks",
        "overlap-hours": "24 unless given; 0 ends the old secret at once",
        json: "print the result as JSON alone",
        "database-url": "the database; otherwise DISPATCH_DATABASE_URL, otherwise the embedded PostgreSQL",
      },
    },
    async (values, [name = ""]) => {
      const action: Action | undefined = Object.hasOwn(actions, name) ? actions[name] : undefined;
      if (!action) throw new CommandFailure(`there is no action ${name}; one of ${Object.keys(actions).join(", ")}`);
      const settings = readSettings();
      const databaseUrl = values["database-url"] ?? settings.databaseUrl;
      const say = values.json ? () => undefined : (message: string) => console.error(message);
      const connecting = {
        name: "dispatch-webhooks",
        statementTimeoutMs: 60_000,
        lockTimeoutMs: settings.dbLockTimeoutMs,
        log: say,
      };
      return withDatabase({ ...settings, databaseUrl }, say, (url) =>
        withConnections({ ...connecting, url }, async (db) => {
          const {
            result,
            lines,
            code = 0,
          } = await action({ db, settings, values, now: new Date() }).catch(sayWhatIsMissing);
          console.log(values.json ? JSON.stringify(result) : lines.join("\n"));
          return code;
        }),
      );
    },
  );

/** Postgres' codes for a table that is not there and for a login that may not. */
function sayWhatIsMissing(error: unknown): never {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code === "42P01")
    throw new CommandFailure("the database is older than this release; pnpm dispatch:migrate brings it up to date");
  if (code === "42501")
    throw new CommandFailure("this database login may not manage webhooks; use the one that migrates");
  throw error;
}
