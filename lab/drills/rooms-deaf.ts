// Nobody takes what a room is told, five times: the room is in error, and the page's command resets it.

import { randomUUID } from "node:crypto";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { Drill } from "./drill.ts";
import { waitFor } from "./wait-for.ts";

const room = "drill-desk";
/** Five tries, after 5, 10, 20 and 40 s each, and the ticks between. */
const givenUpWithinMs = 150_000;

export const roomsDeaf: Drill = {
  name: "rooms-deaf",
  about: "where a room's webhook is called nobody listens, five times",
  told: { by: /(alert|rule) ROOMS_DEAF/, withinMs: 30_000 },
  reads: {
    command: "pnpm dispatch:alerts --explain ROOMS_DEAF",
    must: [new RegExp(`room ${room}\\b.*a push was not heard: `, "s"), /told \/queue-check\b/],
    mustNot: [/Postgres cannot be used/, /SILENT/],
  },
  runbook: "ops/runbooks/rooms_deaf.md",
  seconds: 100,
  async provoke(ground, signal) {
    const post = async (path: string, body: object): Promise<void> => {
      const { code, output } = await ground.run(
        `curl -sS --fail-with-body -X POST -H "$(pnpm -s dispatch:token --actor operator --header)" -H 'X-Agent-ID: operator' ` +
          `-H 'Idempotency-Key: ${randomUUID()}' -H 'Content-Type: application/json' ` +
          `-d '${JSON.stringify(body)}' "${ground.url}/api/v1${path}"`,
      );
      if (code !== 0) throw new CommandFailure(output);
    };
    const statusIs = async (status: string): Promise<boolean> =>
      (await ground.sql.query("SELECT FROM rooms WHERE name = $1 AND agent_status = $2", [room, status])).rowCount ===
      1;
    const undo = () => post(`/rooms/${room}/reset`, {});
    await post("/rooms", { name: room, transport: "webhook", address: "http://127.0.0.1:9/nobody-listens-here" });
    await post("/pushes", { target: room, command: "/queue-check" });
    if ((await waitFor(() => statusIs("error"), givenUpWithinMs, signal)) === null)
      throw new CommandFailure("The push was not given up.");
    return { undo, isWell: () => statusIs("idle") };
  },
  mend: {
    by: "page",
    command: `-d '{}' "$API/api/v1/rooms/$ROOM/reset"`,
    run:
      `curl -sS --fail-with-body -X POST -H "$(pnpm -s dispatch:token --actor operator --header)" -H 'X-Agent-ID: operator' ` +
      `-H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid)" -H 'Content-Type: application/json' ` +
      `-d '{}' "$API/api/v1/rooms/$ROOM/reset"`,
    fill: async ({ url }) => ({ API: url, ROOM: room }),
  },
};
