// Brings pushes to rooms: to whoever is idle what waits longest, by the room's transport; again what did not arrive or was not heard. A
// call outside holds no transaction: what is sent is written first, what came of it after.

import type { PushId } from "../contract/ids.ts";
import type { TransportName } from "../contract/room-states.ts";
import { readOutgoing, readReady, readSentInVain, readUnheard, type Outgoing } from "../rooms/push-rows.ts";
import { NotDelivered, type Transport } from "../rooms/transports/transport.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { obeyed, patiently } from "./obeyed.ts";

const batch = 100;

/** By the rooms' transports; an inbox needs none, since what is sent lies in it. */
export type Transports = Readonly<Partial<Record<TransportName, Transport>>>;

export type PushSender = Duty & {
  /** Waits for the calls under way, for as long as those may take. */
  end(): Promise<void>;
};

/** @param onNews called when what came of a call may let another push go out */
export function sendPushes(parts: DutyParts, transports: Transports, onNews: () => void): PushSender {
  const { desk, run, log } = parts;
  const stopping = new AbortController();
  const underWay = new Set<Promise<void>>();

  const send = async (pushId: PushId): Promise<boolean> => {
    if (!(await obeyed(() => run("push.send", { ids: { pushId }, input: {} })))) return false;
    const push = await readOutgoing(desk.db, pushId);
    if (push === null || push.transport === "inbox") return true;
    const call: Promise<void> = deliver(push).finally(() => underWay.delete(call));
    underWay.add(call);
    return true;
  };
  const deliver = async (push: Outgoing): Promise<void> => {
    try {
      const { heard, captured, patienceMs } = await transportOf(push).deliver(deliveryOf(push), stopping.signal);
      await accepted(push, captured, patienceMs);
      if (heard) await patiently(() => run("push.ack", { ids: { pushId: push.id }, input: { by: push.transport } }));
    } catch (error) {
      if (stopping.signal.aborted) return;
      if (!(error instanceof NotDelivered))
        log.error({ push_id: push.id, room: push.name, err: error }, "worker.push_failed");
      const reason = error instanceof Error ? error.message : String(error);
      log.warn({ push_id: push.id, room: push.name, attempt: push.attempts, reason }, "worker.push_not_delivered");
      const room_broken = error instanceof NotDelivered && error.roomBroken;
      await failed(push.id, push.attempts, reason, room_broken).catch((cause: unknown) =>
        // The clock of the push finds it as well.
        log.warn({ push_id: push.id, err: cause }, "worker.push_not_noted"),
      );
    }
    onNews();
  };
  const accepted = (push: Outgoing, captured: string | null, patience_ms: number | undefined) =>
    patiently(() =>
      run("push.accepted", {
        ids: { pushId: push.id },
        input: {
          attempt: push.attempts,
          ...(captured !== null && { captured: plainText(captured) }),
          ...(patience_ms !== undefined && { patience_ms }),
        },
      }),
    );
  const failed = (pushId: PushId, attempt: number, reason: string, room_broken = false) =>
    patiently(() =>
      run("push.failed", {
        ids: { pushId },
        input: { attempt, reason: plainText(reason).replaceAll("\n", " ").slice(0, 1_000), room_broken },
      }),
    );
  const takeBack = async (pushId: PushId, attempt: number): Promise<boolean> => {
    const push = await readOutgoing(desk.db, pushId);
    if (push === null) return false;
    await transportOf(push).withdraw?.(pushId, deliveryOf(push).room);
    if (!(await failed(pushId, attempt, "withdrawn"))) return false;
    return await obeyed(() => run("push.skip", { ids: { pushId }, input: { reason: "withdrawn" } }));
  };
  const transportOf = ({ transport }: Outgoing): Transport => {
    const known = transports[transport];
    if (!known) throw new NotDelivered(`this desk is not set up for rooms by ${transport}`);
    return known;
  };

  return {
    name: "send pushes",
    async round() {
      const now = desk.clock.now().toISOString();
      const [ready, unheard, inVain] = await Promise.all([
        readReady(desk.db, now, batch),
        readUnheard(desk.db, now, batch),
        transports.openclaw ? readSentInVain(desk.db) : [],
      ]);
      const done = await Promise.all([
        ...ready.map(send),
        ...unheard.map(({ id, attempts }) => failed(id, attempts, "unheard")),
        ...inVain.map(({ id, attempts }) => takeBack(id, attempts)),
      ]);
      return { more: done.some(Boolean) };
    },
    async end() {
      stopping.abort();
      await Promise.allSettled(underWay);
      await Promise.all(Object.values(transports).map((transport) => transport?.close()));
    },
  };
}

const deliveryOf = (push: Outgoing) => ({
  pushId: push.id,
  room: { id: push.room_id, name: push.name, address: push.address, secret: push.secret, program: push.program },
  text: push.text,
  taskId: push.task_id,
  prompt: push.prompt,
  capture: push.capture,
  // What a person says may go to a whole group.
  spaced: !push.automatic,
  attempt: push.attempts,
});

/** What a screen or an answer holds may be anything; what is stored of it is text. */
// oxlint-disable-next-line no-control-regex
const plainText = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ud800-\udfff]/g, "");
