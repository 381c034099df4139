// How a push reaches whoever sits in a room: what every transport is given, and what it must say of it. The rows behind it are none of
// its business; it may be given the same push again, by the same id, after any kind of crash.

import type { PushId, RoomId, TaskId } from "../../contract/ids.ts";

/** Where a push goes, as far as any transport needs it. */
export type DeliveryRoom = {
  readonly id: RoomId;
  readonly name: string;
  /** A URL, `session:window`, or the key of a gateway's session. */
  readonly address: string;
  /** What calls of a webhook are signed with; null: they are not. */
  readonly secret: string | null;
  /** The program that must be in front in the room's pane; null where nobody said which. */
  readonly program: string | null;
};

export type Delivery = {
  /** The same however often it is sent: by it a worker knows a second copy. */
  readonly pushId: PushId;
  readonly room: DeliveryRoom;
  /** One line of 1 to 2,000 characters without control characters. */
  readonly text: string;
  readonly taskId: TaskId | null;
  /** A longer text beside the command. */
  readonly prompt: string | null;
  /** Whether what the room shows afterwards is wanted. */
  readonly capture: boolean;
  /** Whether other rooms may be told the same right now: what is shown on one screen after the other keeps a distance then. */
  readonly spaced: boolean;
  /** From 1. */
  readonly attempt: number;
};

export type Delivered = {
  /** Whether whoever sits there has said that they have it; otherwise that is still to come. */
  readonly heard: boolean;
  /** What the room showed, at most 4 KiB: a hint for people. */
  readonly captured: string | null;
  /** For how long whoever sits there may say nothing of it from now on, in ms; absent: as long as usual. */
  readonly patienceMs?: number;
};

/** Why a push did not arrive, in a sentence for people. It is tried again, later. */
export class NotDelivered extends Error {
  override readonly name = "NotDelivered";
  /** Whether nobody is there to hear anything, so that the room is in error until somebody looks. */
  readonly roomBroken: boolean;

  constructor(reason: string, options: ErrorOptions & { readonly roomBroken?: boolean } = {}) {
    super(reason, options);
    this.roomBroken = options.roomBroken ?? false;
  }
}

export type Transport = {
  /**
   * Resolves once the other side has taken the push.
   * @throws NotDelivered
   */
  deliver(delivery: Delivery, signal: AbortSignal): Promise<Delivered>;
  /** Its work was withdrawn before it was heard: whoever still can takes it back. */
  withdraw?(pushId: PushId, room: DeliveryRoom): Promise<void>;
  close(): Promise<void>;
};
