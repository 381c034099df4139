// One connection for a backup or a restore: no time limit on a statement, values written in one form whatever the
// server's own settings are, and an end that needs no answer when somebody presses Ctrl-C in the middle of a COPY.

import { Socket } from "node:net";
import pg from "pg";
import { MigrationError, reasonOf } from "../../db/migrate/error.ts";

const session = [
  // A value must read the same wherever it is written and read.
  "-c timezone=UTC",
  "-c datestyle=ISO",
  "-c intervalstyle=iso_8601",
  "-c extra_float_digits=1",
  "-c client_encoding=UTF8",
  "-c statement_timeout=0",
  "-c idle_in_transaction_session_timeout=0",
  "-c lock_timeout=30s",
  // A policy that hid rows would make a backup that looks whole: an error is better.
  "-c row_security=off",
].join(" ");

/** Connects, gives the connection to `use`, and closes it. @throws {MigrationError} `unreachable` */
export async function withConnection<T>(
  url: string,
  purpose: string,
  signal: AbortSignal,
  use: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const socket = new Socket();
  const client = new pg.Client({
    connectionString: url,
    application_name: purpose,
    options: session,
    connectionTimeoutMillis: 10_000,
    stream: () => socket,
  });
  client.on("error", () => undefined);
  await client.connect().catch((cause: unknown) => {
    throw new MigrationError(
      "unreachable",
      `Cannot connect to database ${client.database ?? ""} at ${client.host}:${client.port}: ${reasonOf(cause)}.`,
      { cause },
    );
  });
  const hangUp = () => void socket.destroy();
  signal.addEventListener("abort", hangUp);
  try {
    return await use(client);
  } catch (error) {
    // What failed because the line was cut failed because somebody wanted it to.
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", hangUp);
    if (!signal.aborted) await client.end();
  }
}
