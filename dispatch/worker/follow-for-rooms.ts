// Follows the desk's events for the rooms: whoever was given something is to hear of it, and what workers do and say is noted where they
// sit. One process at a time does so, in the order of the events; what it has carried out when it ends badly the next one finds done.

import type { RoomId } from "../contract/ids.ts";
import { readPage, type StreamedEvent } from "../kernel/outbox-reader.ts";
import { followedSubjects, wishesOf, type Wish } from "../rooms/follow.ts";
import {
  leaveFollowing,
  moveFollowing,
  readSeats,
  readSent,
  readWithdrawn,
  takeFollowing,
  workerOfTicket,
  type Seat,
} from "../rooms/follow-rows.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { patiently } from "./obeyed.ts";

export type Follower = Duty & {
  /** Lets another process follow at once. */
  leave(): Promise<void>;
};

const everything = { accounts: "*", sites: "*" } as const;

/** While there is no room at all: so often the place moves on, in ms. What happened before there was one is no news to it. */
const moveEveryMs = 30_000;

/** @param onPushes called when something may wait for a room, or a room may have become idle */
export function followForRooms(parts: DutyParts, workerId: string, onPushes: () => void): Follower {
  const { desk } = parts;
  let moveAt = 0;
  return {
    name: "follow for rooms",
    async round() {
      const seats = await readSeats(desk.db);
      const isEmpty = seats.length === 0;
      if (isEmpty && performance.now() < moveAt) return { more: false };
      if (!isEmpty) onPushes();
      const place = await takeFollowing(desk.db, workerId);
      if (!place) return { more: false };
      const page = await readPage(desk.db, place, { actor: everything, subjects: isEmpty ? ["^$"] : followedSubjects });
      if (isEmpty && !page.full) moveAt = performance.now() + moveEveryMs;
      await carryOut(parts, seats, page.events);
      const moved = page.position.xact !== place.xact || page.position.id !== place.id;
      if (moved) await moveFollowing(desk.db, workerId, page.position);
      if (page.events.length > 0) onPushes();
      return { more: page.full };
    },
    leave: async () => void (await leaveFollowing(desk.db, workerId)),
  };
}

/** What concerns one room is done in the order of the events; rooms do not wait for each other. */
async function carryOut(parts: DutyParts, seats: readonly Seat[], events: readonly StreamedEvent[]): Promise<void> {
  const byWorker = new Map(seats.flatMap((seat) => (seat.worker_slug === null ? [] : [[seat.worker_slug, seat]])));
  const chains = new Map<string, Promise<void>>();
  for (const event of events)
    for (const wish of wishesOf(event)) {
      const key = await placeOf(parts, wish, byWorker);
      if (key === null) continue;
      const before = chains.get(key.chain) ?? Promise.resolve();
      chains.set(
        key.chain,
        before.then(() => fulfil(parts, wish, key.room, event)),
      );
    }
  await Promise.all(chains.values());
}

type Place = { readonly chain: string; readonly room: RoomId | null };

/** Whose room it concerns; null where that one has none. What is withdrawn keeps its place in the row of whoever it was told to. */
async function placeOf({ desk }: DutyParts, wish: Wish, byWorker: ReadonlyMap<string, Seat>): Promise<Place | null> {
  if (wish.kind === "hears") return { chain: wish.roomId, room: wish.roomId as RoomId };
  if (wish.kind === "withdraw") return { chain: wish.subject, room: null };
  const worker = wish.worker ?? (wish.kind === "push" ? await workerOfTicket(desk.db, wish.ticketId ?? "") : null);
  const seat = worker === null ? undefined : byWorker.get(worker);
  if (!seat) return null;
  return { chain: wish.kind === "push" ? wish.subject : seat.id, room: seat.id };
}

/** @throws what tells that a part of the desk is away, and defects */
async function fulfil({ desk, run }: DutyParts, wish: Wish, room: RoomId | null, event: StreamedEvent): Promise<void> {
  if (wish.kind === "withdraw") {
    for (const pushId of await readWithdrawn(desk.db, wish.subject, wish.before))
      await patiently(() => run("push.skip", { ids: { pushId }, input: { reason: wish.reason } }));
    return;
  }
  if (room === null) return;
  if (wish.kind === "hears") return await noteHeard({ desk, run }, room);
  if (wish.kind === "push") {
    const { command, subject, assignment, taskId, ticketId } = wish;
    const about = { ...(taskId !== null && { task_id: taskId }), ...(ticketId !== null && { ticket_id: ticketId }) };
    const input = { room_id: room, command, subject, assignment, ...about } as Parameters<
      typeof run<"push.queue">
    >[1]["input"];
    return void (await patiently(() => run("push.queue", { input })));
  }
  const { status, reason, unlessBusy, says } = wish;
  const said = says && {
    id: event.event_id ?? "",
    type: says.type,
    task_id: says.taskId,
    text: says.text,
    ...(says.percent !== null && { percent: says.percent }),
    fatal: says.fatal,
    reported_by: wish.worker,
  };
  const input = {
    at: event.created_at,
    xact: event.position.xact,
    status,
    ...(reason !== null && { reason }),
    unless_busy: unlessBusy,
    ...(said && { event: said }),
  } as Parameters<typeof run<"room.heard">>[1]["input"];
  await patiently(() => run("room.heard", { ids: { roomId: room }, input }));
  if (wish.hears) await noteHeard({ desk, run }, room);
}

/** Whoever is at work has heard what was told to them. */
async function noteHeard({ desk, run }: Pick<DutyParts, "desk" | "run">, room: RoomId): Promise<void> {
  for (const pushId of await readSent(desk.db, room))
    await patiently(() => run("push.ack", { ids: { pushId }, input: { by: "progress" } }));
}
