// A window of tmux with a program in it and no shell behind: when the program ends, nothing is left that would run what is typed there.
// Knows nothing of the desk.

import { setTimeout as delay } from "node:timers/promises";
import { CommandFailure } from "../../process/command-line.ts";
import { listPanes, type Pane } from "../../rooms/transports/tmux/panes.ts";
import { asArgument, TmuxRefused, type Tmux } from "../../rooms/transports/tmux/run-tmux.ts";

export type Window = {
  readonly session: string;
  readonly name: string;
  readonly words: readonly [string, ...string[]];
  /** What tmux says is in front once the program has begun. */
  readonly shows: string;
  readonly folder: string;
};

export type Opened = {
  /** Opened now; started again where the program had ended; or there already. */
  readonly how: "opened" | "started again" | "there";
  /** Closes what was opened now. */
  undo(): Promise<void>;
};

/** A program that starts slowly has another's name for a moment: that of who starts it. */
const startsWithinMs = 10_000;
const everyMs = 50;

/** @throws CommandFailure where the name is taken or the program does not stay; NotDelivered where tmux does not answer */
export async function openWindow(tmux: Tmux, window: Window, withinMs = startsWithinMs): Promise<Opened> {
  const { session, name, shows } = window;
  const panes = await panesOf(tmux);
  const here = panes.filter((pane) => pane.session === session && pane.window === name);
  const [there] = here;
  if (here.length > 1 || (there && !there.isDead && there.program !== shows))
    throw new CommandFailure(
      `tmux has a window ${session}:${name} already, and in front of it is ${here.map(({ program }) => program).join(", ")}: ` +
        "close or rename it, or choose another --name or --session.",
    );
  if (there && !there.isDead) return { how: "there", undo: async () => undefined };
  const id = there ? await begunAgain(tmux, there, window) : await begun(tmux, panes, window);
  const undo = async () => void (await tmux(["kill-pane", "-t", id]).catch(() => undefined));
  try {
    // What it said last stays readable; and nobody but a person gives the window another name.
    const options = ["remain-on-exit on", "automatic-rename off", "allow-rename off"];
    for (const option of options) await tmux(["set-option", "-w", "-t", id, ...option.split(" ")]);
    await inFront(tmux, id, window, withinMs);
    return { how: there ? "started again" : "opened", undo };
  } catch (error) {
    await undo();
    if (error instanceof TmuxRefused) throw ended(window, "");
    throw error;
  }
}

/** None where no server runs. */
const panesOf = (tmux: Tmux): Promise<Pane[]> =>
  listPanes(tmux).catch((error: unknown) => {
    if (error instanceof TmuxRefused) return [];
    throw error;
  });

/** A word alone tmux would give to a shell. */
const programOf = ({ words }: Window): string[] =>
  (words.length > 1 ? [...words] : ["env", "--", ...words]).map(asArgument);

async function begun(tmux: Tmux, panes: readonly Pane[], window: Window): Promise<string> {
  const { session, name, folder } = window;
  const how = ["-d", "-P", "-F", "#{pane_id}", "-n", name, "-c", folder];
  const sessionId = panes.find((pane) => pane.session === session)?.sessionId;
  const where =
    sessionId === undefined
      ? ["new-session", "-s", session, "-x", "200", "-y", "50"]
      : ["new-window", "-t", `${sessionId}:`];
  return (await tmux([...where, ...how, ...programOf(window)])).trim();
}

async function begunAgain(tmux: Tmux, { id }: Pane, window: Window): Promise<string> {
  await tmux(["respawn-pane", "-t", id, "-c", window.folder, ...programOf(window)]);
  return id;
}

async function inFront(tmux: Tmux, id: string, window: Window, withinMs: number): Promise<void> {
  const givenUpAt = performance.now() + withinMs;
  for (;;) {
    const pane = (await listPanes(tmux)).find((one) => one.id === id);
    if (!pane || pane.isDead) throw ended(window, pane ? await tmux(["capture-pane", "-p", "-J", "-t", id]) : "");
    if (pane.program === window.shows) return;
    if (performance.now() > givenUpAt)
      throw new CommandFailure(
        `tmux says that ${pane.program} is in front, and not ${window.shows}: give --shows ${pane.program} if that is the program.`,
      );
    await delay(everyMs);
  }
}

const ended = ({ words }: Window, shown: string): CommandFailure =>
  new CommandFailure([`${words.join(" ")} ended as soon as it had begun.`, shown.trim()].filter(Boolean).join("\n"));
