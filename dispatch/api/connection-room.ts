// How many connections a server has open. When there are as many as it may have, the one that has had nothing in hand for
// longest makes room, so that connections nobody uses lock nobody out. What still is too many gets a seat for questions of health.

import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

export type Exchanged = { readonly request: IncomingMessage; readonly response: ServerResponse };

/** Seats beyond the limit, for monitors: whoever sits there is told of health alone. */
export const sparePlaces = 20;
/** Files a process needs beside its connections: database, object store, logs, its own code. */
const otherFiles = 200;

export const isAnswered = ({ response }: Exchanged): boolean => response.writableFinished || response.destroyed;

export class ConnectionRoom {
  readonly #most: number;
  /** Each open connection with its newest request, those that were used lately last. */
  readonly #open = new Map<Duplex, Exchanged | null>();
  readonly #surplus = new WeakSet<Duplex>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Takes a new connection in. */
  enter(socket: Duplex): void {
    if (this.#open.size >= this.#most && !this.#closeOneIdle()) this.#surplus.add(socket);
    this.#open.set(socket, null);
    socket.on("close", () => this.#open.delete(socket));
  }

  /** Notes the request a connection has in hand from now on. */
  begin(socket: Duplex, exchanged: Exchanged): void {
    this.#open.delete(socket);
    if (!socket.destroyed) this.#open.set(socket, exchanged);
  }

  inHand(socket: Duplex): Exchanged | null {
    return this.#open.get(socket) ?? null;
  }

  /** Whether it came when all others were busy. */
  isSurplus(socket: Duplex): boolean {
    return this.#surplus.has(socket);
  }

  /** Closes all that have nothing in hand. */
  closeIdle(): void {
    for (const [socket, exchanged] of this.#open) if (isIdle(exchanged)) socket.destroy();
  }

  #closeOneIdle(): boolean {
    for (const [socket, exchanged] of this.#open) {
      if (!isIdle(exchanged)) continue;
      this.#open.delete(socket);
      socket.destroy();
      return true;
    }
    return false;
  }
}

/** Nothing was asked yet, or all that was asked is answered. */
const isIdle = (exchanged: Exchanged | null): boolean => exchanged === null || isAnswered(exchanged);

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
