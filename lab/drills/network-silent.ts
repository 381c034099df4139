// The network to Postgres drops every byte and closes nothing. When it comes back, the connections from before stay dead, as
// behind a firewall that has forgotten them; whoever waits for one of them to say so waits for a quarter of an hour.

import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { BreakableNetwork } from "./breakable-network.ts";
import { workStopsMs, type Drill } from "./drill.ts";
import type { Ground } from "./ground.ts";

const heartbeatMs = 1_000;
const eventWithinMs = 5_000;

export const networkSilent: Drill = {
  name: "network-silent",
  about: "the network to Postgres drops every byte and closes no connection",
  told: { by: /health 503 postgres|DATABASE_UNAVAILABLE/, withinMs: workStopsMs },
  reads: { must: [/postgres: .*(no answer|silent|does not answer)/], mustNot: [/Start the API/] },
  wellWithinMs: 20_000,
  seconds: 25,
  runbook: "ops/runbooks/network_silent.md",
  needs: { settings: { DISPATCH_WORKER_HEARTBEAT_MS: String(heartbeatMs) }, overNetwork: true },
  async provoke(ground) {
    networkOf(ground).fallSilent();
    return {
      isWell: async () => (await workerLives(ground)) && (await eventsCome(ground)),
      undo: () => networkOf(ground).recover(),
    };
  },
  mend: {
    by: "cause",
    async fix(ground) {
      networkOf(ground).recover();
      return "let new connections through; those from before stay dead, and nothing is started again";
    },
  },
};

function networkOf({ network }: Ground): BreakableNetwork {
  if (network === null) throw new CommandFailure("This drill needs a network between the stack and its Postgres.");
  return network;
}

async function workerLives({ sql }: Ground): Promise<boolean> {
  const { rows } = await sql.query<{ alive: boolean }>(
    "SELECT coalesce(max(seen_at) > now() - make_interval(secs => $1), false) AS alive FROM workers",
    [(2 * heartbeatMs) / 1_000],
  );
  return rows[0]?.alive ?? false;
}

/** Whether a command is obeyed, and whoever follows the events hears of it by news, long before a tick. */
async function eventsCome({ url, dispatcher, accountId, siteId }: Ground): Promise<boolean> {
  try {
    const events = await fetch(`${url}/events`, {
      headers: { "x-actor-id": "drill-follower", "x-actor-role": "dispatcher" },
      signal: AbortSignal.timeout(eventWithinMs),
    });
    const { id } = await dispatcher.does("ticket.create", null, {
      account_id: accountId,
      site_id: siteId,
      summary: "Drill: told again",
    });
    let heard = "";
    for await (const text of events.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      heard += text;
      if (heard.includes(id)) return true;
    }
    return false;
  } catch {
    return false;
  }
}
