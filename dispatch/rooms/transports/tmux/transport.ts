// Pushes as lines typed into panes of a tmux server: found by name, addressed by id, and only while the room's own program is in front.
// Nobody answers here: whoever reads the line says so to the desk. The push's id travels behind the text.

import { NotDelivered, type Delivered, type Delivery, type DeliveryRoom, type Transport } from "../transport.ts";
import { capturedOf, lastLineOn } from "./captured.ts";
import { paneAt, type Pane } from "./panes.ts";
import { TmuxRefused, tmuxOf, type Tmux, type TmuxServer } from "./run-tmux.ts";
import { isShell } from "./shells.ts";
import { realClock, spaced, type SpacingClock } from "./spacing.ts";
import { assertFits } from "./terminal.ts";
import { typeLine } from "./typing.ts";

export type TmuxTransport = Transport & {
  /**
   * The last line on the room's screen that is not empty: for a room whose status nothing has told of for long.
   * @throws NotDelivered
   */
  lastLine(room: Pick<DeliveryRoom, "address">, signal: AbortSignal): Promise<string>;
};

export type TmuxTransportOptions = TmuxServer & {
  readonly clock?: SpacingClock;
  /** Between two lines on the server that other rooms may be told as well: 300 unless given. */
  readonly spacingMs?: number;
};

/** Until a program has shown something of what it was told. */
const beforeCaptureMs = 300;

export function tmuxTransport({ clock = realClock, spacingMs = 300, ...server }: TmuxTransportOptions): TmuxTransport {
  const tmux = tmuxOf(server);
  const turn = spaced(spacingMs, clock);
  return {
    async deliver(delivery, signal): Promise<Delivered> {
      const { pane, program, line } = await inTime(signal, async () => {
        if (delivery.spaced) await turn(signal);
        return readied(tmux, delivery, signal);
      });
      if (!(await typeLine(tmux, pane, program, line))) throw await whyNot(tmux, delivery.room, program, signal);
      if (!delivery.capture) return { heard: false, captured: null };
      await clock.pause(beforeCaptureMs, signal).catch(() => undefined);
      return { heard: false, captured: await capturedOf(tmux, pane, signal) };
    },
    lastLine: async ({ address }, signal) => lastLineOn(tmux, await paneAt(tmux, address, signal), signal),
    close: async () => undefined,
  };
}

type Readied = { readonly pane: Pane; readonly program: string; readonly line: string };

async function readied(tmux: Tmux, { room, text, pushId }: Delivery, signal: AbortSignal): Promise<Readied> {
  if (/[\p{Cc}\u2028\u2029]/u.test(text))
    throw new NotDelivered("The text has control characters, which would be keys in a pane: leave them out.");
  const program = programOf(room);
  const pane = await readyPane(tmux, room, program, signal);
  const line = `${text} #${pushId}`;
  await assertFits(line, pane.terminal);
  return { pane, program, line };
}

function programOf({ name, program }: DeliveryRoom): string {
  if (program === null)
    throw new NotDelivered(`Nobody has said which program sits in the room ${name}: give the room its program.`, {
      roomBroken: true,
    });
  if (isShell(program))
    throw new NotDelivered(`The program of the room ${name} is ${program}, and a shell would run what it is told.`, {
      roomBroken: true,
    });
  return program;
}

/** The room's pane, which reads what is typed. @throws NotDelivered */
async function readyPane(tmux: Tmux, room: DeliveryRoom, program: string, signal: AbortSignal): Promise<Pane> {
  const { address } = room;
  // The first is for whoever reads back; other modes (a clock, a list to choose from) do not know it, and lie on top of each other.
  const ways = [
    ["send-keys", "-X", "cancel", "-t"],
    ["copy-mode", "-q", "-t"],
  ];
  for (const way of [...ways, null]) {
    const pane = await paneAt(tmux, address, signal);
    if (pane.isDead)
      throw new NotDelivered(`The program of ${address} has ended: start it again (pnpm dispatch:room).`, {
        roomBroken: true,
      });
    if (pane.program !== program)
      throw new NotDelivered(
        `In ${address} ${pane.program || "nothing"} is in front and not ${program}, so nothing was typed: start it again there.`,
        { roomBroken: true },
      );
    if (pane.isDeaf) throw new NotDelivered(`Typing into ${address} is turned off: turn it on there (select-pane -e).`);
    if (pane.isSynchronized)
      throw new NotDelivered(
        `What is typed into ${address} goes to other panes too: turn synchronize-panes off there.`,
      );
    if (!pane.isInMode) return pane;
    if (way === null) break;
    await tmux([...way, pane.id], signal).catch((error: unknown) => {
      if (!(error instanceof TmuxRefused)) throw error;
    });
  }
  throw new NotDelivered(`Somebody reads back or chooses in ${address}: press q there.`);
}

/** Why Enter was not pressed. */
async function whyNot(tmux: Tmux, room: DeliveryRoom, program: string, signal: AbortSignal): Promise<NotDelivered> {
  try {
    await readyPane(tmux, room, program, signal);
    return new NotDelivered(`Something came between in ${room.address} while the text was typed; it was wiped away.`);
  } catch (error) {
    if (error instanceof NotDelivered) return error;
    throw error;
  }
}

/** What was given up since its process ends was not delivered. */
async function inTime<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    if (!signal.aborted || error instanceof NotDelivered) throw error;
    throw new NotDelivered("It was not sent: this process ends.", { cause: error });
  }
}
