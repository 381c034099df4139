// A room's worker hears nothing of what it is told, five times: the room is in error, and the page's command resets it.

import { randomUUID } from "node:crypto";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import { mendsItselfMs, type Drill } from "./drill.ts";
import { waitFor } from "./wait-for.ts";

const room = "drill-desk";

export const roomsDeaf: Drill = {
  name: "rooms-deaf",
  about: "a push is sent to a room for the fifth time, and nobody says that they heard it",
  told: { by: /(alert|rule) ROOMS_DEAF/, withinMs: 30_000 },
  reads: {
    command: "pnpm dispatch:alerts --explain ROOMS_DEAF",
    must: [new RegExp(`room ${room}\\b.*a push was not heard: unheard`, "s"), /told \/queue-check\b/],
    mustNot: [/Postgres cannot be used/, /SILENT/],
  },
  runbook: "ops/runbooks/rooms_deaf.md",
  seconds: 30,
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
    const isSent = async () =>
      (
        await ground.sql.query(
          "SELECT FROM pushes JOIN rooms ON rooms.id = room_id WHERE name = $1 AND status = 'sent'",
          [room],
        )
      ).rowCount === 1;
    const undo = () => post(`/rooms/${room}/reset`, {});
    await post("/rooms", { name: room });
    await post("/pushes", { target: room, command: "/queue-check" });
    if ((await waitFor(isSent, mendsItselfMs, signal)) === null) throw new CommandFailure("No worker sent the push.");
    // As after four tries that nobody heard either, which takes four minutes.
    await ground.sql.query(
      `UPDATE pushes SET attempts = 5, due_at = now() - interval '1 second'
       WHERE status = 'sent' AND room_id = (SELECT id FROM rooms WHERE name = $1)`,
      [room],
    );
    if ((await waitFor(() => statusIs("error"), mendsItselfMs, signal)) === null)
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
