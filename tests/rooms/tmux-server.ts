// A real tmux server of a test's own, on a socket in a folder of its own, and programs in its panes that write down what they read.

import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { access, constants, mkdtemp, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { knownId, type PushId, type RoomId } from "../../dispatch/contract/ids.ts";
import { NotDelivered, type Delivered, type Delivery } from "../../dispatch/rooms/transports/transport.ts";
import {
  tmuxTransport,
  type TmuxTransport,
  type TmuxTransportOptions,
} from "../../dispatch/rooms/transports/tmux/transport.ts";
import { eventually, isRunning } from "../support/eventually.ts";

const run = promisify(execFile);

/** Why there is none on this machine, in words fit for a skip message; false when there is. */
export async function tmuxMissing(): Promise<string | false> {
  for (const folder of (process.env["PATH"] ?? "").split(":")) {
    const found = access(join(folder, "tmux"), constants.X_OK);
    if (
      await found.then(
        () => true,
        () => false,
      )
    )
      return false;
  }
  return "tmux is not installed: apt-get install -y --no-install-recommends tmux";
}

/** A program in a pane that writes down what it reads. */
export type Reader = {
  readonly pane: string;
  /** What it has read. */
  read(): Promise<string>;
  /** Waits until it has read a whole line, and so all before. */
  readLine(): Promise<string>;
};

export type ReaderOptions = {
  /** `session:window`. */
  readonly at: string;
  /** Whether it leaves lines to the terminal, as programs do that know no keys. */
  readonly byLines?: boolean;
  /** It reads nothing before this file is there. */
  readonly begin?: string;
  readonly title?: string;
};

export type TestTmux = {
  readonly socket: string;
  /** For files of the test. */
  readonly folder: string;
  tmux(...words: string[]): Promise<string>;
  /** Opens a window, and the session where there is none; resolves with its pane's id. */
  open(at: string, ...program: string[]): Promise<string>;
  reader(options: ReaderOptions): Promise<Reader>;
  /** What `reader` starts, to be started in another way. */
  readerWords(log: string, options?: Omit<ReaderOptions, "at">): string[];
  transport(options?: Partial<TmuxTransportOptions>): TmuxTransport;
  pid(): Promise<number>;
  /** As when the machine loses power. */
  kill(): Promise<void>;
};

type Ending = { after(fn: () => Promise<void>): void };

export async function testTmux(t: Ending): Promise<TestTmux> {
  // Short, so that a socket fits under macOS's long temporary folder too.
  const folder = await realpath(await mkdtemp(join(tmpdir(), "dtm-")));
  const socket = join(folder, "s");
  const tmux = async (...words: string[]) =>
    (await run("tmux", ["-u", "-f", "/dev/null", "-S", socket, ...words])).stdout.trimEnd();
  const sessions = new Set<string>();
  const pids = new Set<number>();
  const pid = async () => Number(await tmux("list-sessions", "-F", "#{pid}").then((text) => text.split("\n")[0]));
  const kill = async () => {
    const server = await pid();
    process.kill(server, "SIGKILL");
    await eventually("the tmux server is gone", async () => !(await isRunning(server)));
    sessions.clear();
  };
  const inFront = (pane: string) =>
    tmux("list-panes", "-t", pane, "-F", "#{pane_current_command}").catch(() => "nothing");
  const open = async (at: string, ...program: string[]) => {
    const colon = at.indexOf(":");
    const [session, window] = [at.slice(0, colon), at.slice(colon + 1)];
    const how = ["-d", "-P", "-F", "#{pane_id} #{pid} #{pane_pid}", "-n", window];
    const printed = sessions.has(session)
      ? await tmux("new-window", ...how, "-t", `=${session}:`, ...program)
      : await tmux("new-session", ...how, "-s", session, "-x", "100", "-y", "30", ...program);
    sessions.add(session);
    const [pane = "", ...processes] = printed.split(" ");
    for (const one of processes) pids.add(Number(one));
    // Until then it is a copy of the server, by the server's name.
    await eventually("the program has begun", async () => !(await inFront(pane)).startsWith("tmux"));
    return pane;
  };
  t.after(async () => {
    await tmux("kill-server").catch(() => undefined);
    for (const one of pids)
      await eventually(`process ${one} of the server is gone`, async () => !(await isRunning(one)));
    await rm(folder, { recursive: true, force: true });
  });
  const readerWords: TestTmux["readerWords"] = (log, { byLines = false, begin = "", title = "" } = {}) => [
    process.execPath,
    join(import.meta.dirname, "pane-reader.ts"),
    log,
    byLines ? "lines" : "keys",
    begin,
    title,
  ];
  return {
    socket,
    folder,
    tmux,
    open,
    readerWords,
    pid,
    kill,
    reader: async ({ at, ...how }) => {
      const log = join(folder, randomUUID());
      const pane = await open(at, ...readerWords(log, how));
      const text = () => readFile(log, "utf8").catch(() => null);
      await eventually("the reader in the pane listens", async () => {
        const shown = await tmux("capture-pane", "-p", "-t", pane);
        return (await text()) !== null && (how.begin !== undefined || shown.includes("listening"));
      });
      const read = async () => (await text()) ?? "";
      return {
        pane,
        read,
        readLine: async () => {
          await eventually("the reader has read a line", async () => /[\r\n]$/.test(await read()));
          return read();
        },
      };
    },
    transport: (options = {}) => tmuxTransport({ socket, ...options }),
  };
}

export type Pushed = {
  readonly at: string;
  readonly program?: string | null;
  readonly text?: string;
  readonly capture?: boolean;
  readonly signal?: AbortSignal;
  readonly pushId?: PushId;
};

/** Something to push, whole. */
export const pushTo = ({
  at,
  program = "node",
  text = "/task 1",
  capture = false,
  pushId = knownId<PushId>(randomUUID()),
}: Pushed) =>
  ({
    pushId,
    room: { id: knownId<RoomId>(randomUUID()), name: "desk", address: at, secret: null, program },
    text,
    taskId: null,
    prompt: null,
    capture,
    spaced: true,
    attempt: 1,
  }) satisfies Delivery;

export const deliver = (transport: TmuxTransport, pushed: Pushed): Promise<Delivered> =>
  transport.deliver(pushTo(pushed), pushed.signal ?? AbortSignal.timeout(60_000));

/** Why a push is refused. */
export async function refusal(transport: TmuxTransport, pushed: Pushed): Promise<NotDelivered> {
  try {
    await deliver(transport, pushed);
  } catch (error) {
    if (error instanceof NotDelivered) return error;
    throw error;
  }
  throw new Error(`the push to ${pushed.at} was delivered`);
}
