// The board of all rooms as the desk answers it, and as a table for a terminal.

import type { QueryBodyOf } from "../../contract/index.ts";
import { askAsAdmin, type AsAdmin } from "../../agent/register.ts";

/** The desk that is asked, as its admin. */
export type AskedDesk = AsAdmin & { readonly url: string };
export type Board = QueryBodyOf<"room.board">;

/** @throws DeskRefused */
export const readBoard = (desk: AskedDesk): Promise<Board> => askAsAdmin(desk.url, "/rooms/board", desk);

const columns: readonly {
  readonly heading: string;
  readonly of: (room: Board["rooms"][number]) => string;
  readonly right?: true;
}[] = [
  { heading: "ROOM", of: ({ name }) => name },
  { heading: "STATUS", of: ({ agent_status }) => agent_status },
  { heading: "WORKER", of: ({ worker_id }) => worker_id ?? "-" },
  { heading: "BY", of: ({ transport }) => transport },
  { heading: "WAITING", of: ({ depth }) => String(depth), right: true },
  { heading: "DONE TODAY", of: ({ done_today }) => String(done_today), right: true },
  { heading: "HEARS IN", of: ({ p95_latency_ms: p95 }) => (p95 === null ? "-" : `${p95} ms`), right: true },
  { heading: "LAST HEARD", of: ({ last_activity_at }) => minuteOf(last_activity_at) },
];

/** @param now when it was read */
export function boardText(board: Board, now: Date): string {
  const rows = board.rooms.map((room) => columns.map(({ of }) => of(room)));
  const widths = columns.map(({ heading }, at) => Math.max(heading.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    columns
      .map(({ right }, at) =>
        right ? (cells[at] ?? "").padStart(widths[at] ?? 0) : (cells[at] ?? "").padEnd(widths[at] ?? 0),
      )
      .join("  ")
      .trimEnd();
  const left = board.rooms_left_out;
  return [
    `${[board.health, ...board.reasons].join("; ")}`,
    `${minuteOf(now.toISOString(), 19)} UTC. Tasks: ${board.unassigned} that nobody has, ${board.blocked} blocked.`,
    "",
    ...(rows.length === 0
      ? ["No room yet: pnpm dispatch:rooms import FILE, or POST /api/v1/rooms."]
      : [line(columns.map(({ heading }) => heading)), ...rows.map(line)]),
    ...(left > 0 ? [`and ${left} more rooms`] : []),
  ].join("\n");
}

/** A time without what is the same for all of them. */
const minuteOf = (time: string, characters = 16): string => time.slice(0, characters).replace("T", " ");
