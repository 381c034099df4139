// Says in the database that an API is there to hear its agents. Who was not heard while none was is not silent for that.

import { statement } from "../db/statement.ts";
import type { Desk } from "../kernel/desk.ts";
import { isListening } from "../workforce/task-standing.ts";

const renewEveryMs = 10_000;

const renew = statement(
  "desk_listens",
  `UPDATE desk_listening SET listening_at = clock_timestamp(),
     listening_since = CASE WHEN ${isListening} THEN listening_since ELSE $1::timestamptz END`,
);

export type Listening = {
  /** Says nothing more. */
  close(): Promise<void>;
};

/** Resolves when it has been said once, or could not be: whatever keeps it from being said keeps heartbeats from coming in too. */
export async function keepListening(desk: Desk): Promise<Listening> {
  let saying: Promise<unknown> | null = null;
  const say = (): Promise<unknown> =>
    (saying ??= desk.db
      .row(renew, [desk.clock.now().toISOString()])
      .catch(() => undefined)
      .finally(() => (saying = null)));
  await say();
  const timer = setInterval(() => void say(), renewEveryMs).unref();
  return {
    close: async () => {
      clearInterval(timer);
      await saying;
    },
  };
}
