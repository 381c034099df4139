// How many connections a server has open. When there are as many as it may have, the one that has had nothing in hand for
// longest makes room, or else one whose client has not taken its answer, so that connections nobody uses or reads lock nobody
// out. What still is too many gets a seat for questions of health.

import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

export type Exchanged = { readonly request: IncomingMessage; readonly response: ServerResponse };

/** Seats beyond the limit, for monitors: whoever sits there is told of health alone. */
export const sparePlaces = 20;
/** Files a process needs beside its connections: database, object store, logs, its own code. */
const otherFiles = 200;

/** Whether the answer has left this process. */
export const isSent = ({ response }: Exchanged): boolean => response.writableFinished || response.destroyed;
/** Whether nothing more is to be said; the client may not have taken it yet. */
const isAnswered = ({ response }: Exchanged): boolean => response.writableEnded || response.destroyed;

export class ConnectionRoom {
  readonly #most: number;
  /** Each open connection with its requests whose responses are open, in their order; those that were used lately last. */
  readonly #open = new Map<Duplex, Set<Exchanged>>();
  readonly #surplus = new WeakSet<Duplex>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Takes a new connection in. */
  enter(socket: Duplex): void {
    if (this.#open.size >= this.#most && !this.#closeOne(isSent) && !this.#closeOne(isAnswered))
      this.#surplus.add(socket);
    const inHand = new Set<Exchanged>();
    this.#open.set(socket, inHand);
    socket.on("close", () => this.#open.delete(socket));
  }

  /** Notes a request that a connection has in hand from now on. @returns false where the connection is closed already */
  begin(socket: Duplex, exchanged: Exchanged): boolean {
    const inHand = this.#open.get(socket);
    if (inHand === undefined) return false;
    inHand.add(exchanged);
    exchanged.response.once("close", () => inHand.delete(exchanged));
    this.#open.delete(socket);
    this.#open.set(socket, inHand);
    return true;
  }

  /** The newest request of a connection, unless it is answered. */
  inHand(socket: Duplex): Exchanged | null {
    return [...(this.#open.get(socket) ?? [])].at(-1) ?? null;
  }

  /** Whether it came when all others were busy. */
  isSurplus(socket: Duplex): boolean {
    return this.#surplus.has(socket);
  }

  /** Whether all that was asked is answered, taken by the client or not. */
  isAnswered(socket: Duplex): boolean {
    return areAll(this.#open.get(socket) ?? [], isAnswered);
  }

  /** Closes all that have nothing in hand. */
  closeIdle(): void {
    for (const [socket, inHand] of this.#open) if (areAll(inHand, isSent)) socket.destroy();
  }

  /** Closes the one used longest ago of which everything is done. */
  #closeOne(isDone: (exchanged: Exchanged) => boolean): boolean {
    for (const [socket, inHand] of this.#open) {
      if (!areAll(inHand, isDone)) continue;
      this.#open.delete(socket);
      socket.destroy();
      return true;
    }
    return false;
  }
}

/** Without copying them: this is asked of every connection when one more comes. */
function areAll(inHand: Iterable<Exchanged>, are: (exchanged: Exchanged) => boolean): boolean {
  for (const exchanged of inHand) if (!are(exchanged)) return false;
  return true;
}

/** So many connections as were asked for, or fewer where the system lets this process open fewer files. */
export function affordable(connections: number, mayOpen: number | null = openFilesLimit()): number {
  return mayOpen === null ? connections : Math.max(1, Math.min(connections, mayOpen - otherFiles - sparePlaces));
}

/** How many files the system lets this process open; null where it does not say. */
function openFilesLimit(): number | null {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === undefined ? null : Number(soft);
  } catch {
    return null;
  }
}
