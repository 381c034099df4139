// The panes of a tmux server as it lists them, and the one that is a room's. Names are compared here: as a target of tmux a number is an
// index before it is a name, a name with a dot is none, and an empty one is whatever window is in front.

import { randomUUID } from "node:crypto";
import { NotDelivered } from "../transport.ts";
import type { Tmux } from "./run-tmux.ts";

export type Pane = {
  /** `%` and a number: the same until it is closed, whatever is renamed. */
  readonly id: string;
  readonly sessionId: string;
  readonly session: string;
  readonly windowId: string;
  readonly window: string;
  /** Its program has ended, and the pane was kept. */
  readonly isDead: boolean;
  /** Somebody reads back, searches or chooses in it: what is typed are keys of that. */
  readonly isInMode: boolean;
  /** Its input is turned off: tmux drops what is typed, and says nothing (3.3a). */
  readonly isDeaf: boolean;
  /** What is typed into it is typed into others too. */
  readonly isSynchronized: boolean;
  /** The terminal's device. */
  readonly terminal: string;
  /** What is in front. */
  readonly program: string;
};

const fields = [
  "pane_id",
  "session_id",
  "session_name",
  "window_id",
  "window_name",
  "pane_dead",
  "pane_in_mode",
  "pane_input_off",
  "pane_synchronized",
  "pane_tty",
  "pane_current_command",
] as const;

/** @throws NotDelivered */
export async function listPanes(tmux: Tmux, signal?: AbortSignal): Promise<Pane[]> {
  // A window that is made with a name (3.3a: new-window -n) may have tabs and line ends in it, so that no fixed separator will do.
  const mark = randomUUID();
  const printed = await tmux(["list-panes", "-a", "-F", fields.map((field) => `#{${field}}${mark}`).join("")], signal);
  const values = printed.split(mark);
  const panes: Pane[] = [];
  for (let at = 0; at + fields.length < values.length; at += fields.length) {
    const [id = "", sessionId = "", session = "", windowId = "", window = "", ...rest] = values.slice(at);
    const [dead, mode, deaf, synchronized, terminal = "", program = ""] = rest;
    panes.push({
      // Between two panes stands a line's end.
      id: id.trimStart(),
      sessionId,
      session,
      windowId,
      window,
      isDead: dead === "1",
      isInMode: mode !== "0",
      isDeaf: deaf === "1",
      isSynchronized: synchronized === "1",
      terminal,
      program,
    });
  }
  return panes;
}

/** The one pane of `session:window`. @throws NotDelivered where there is none, or more than one */
export async function paneAt(tmux: Tmux, address: string, signal?: AbortSignal): Promise<Pane> {
  // No session's name has a colon, tmux sees to that; a window's may.
  const colon = address.indexOf(":");
  if (colon < 1) throw new NotDelivered(`The room's address is ${address}, and must be session:window.`);
  const [session, window] = [address.slice(0, colon), address.slice(colon + 1)];
  const found = (await listPanes(tmux, signal)).filter((pane) => pane.session === session && pane.window === window);
  // A window may be linked twice into one session.
  const panes = new Map(found.map((pane) => [pane.id, pane]));
  const [pane] = panes.values();
  if (pane === undefined)
    throw new NotDelivered(`tmux has no window ${address}: open it, or give the room the address that it has now.`);
  const windows = new Set(found.map(({ windowId }) => windowId)).size;
  if (windows > 1) throw new NotDelivered(`tmux has ${windows} windows called ${address}: rename all but the room's.`);
  if (panes.size > 1)
    throw new NotDelivered(`The window ${address} has ${panes.size} panes, and a room is one: move the others away.`);
  return pane;
}
