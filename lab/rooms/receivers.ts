// Whoever sits in the rooms of these runs, one kind for each transport: each notes every push that reaches it, says that it heard it, and
// then, where an agent sits there, that it is idle.

import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import type { Speaker } from "./speaker.ts";

export type Seat = {
  /** Of the room, and of the agent who sits there where `isAgent`. */
  readonly name: string;
  readonly speaker: Speaker;
  readonly isAgent: boolean;
};

export type Receiver = {
  /** Fields of the room it sits in, beside its name. */
  readonly room: JsonObject;
  /** Begins to listen, when the room is there. */
  open(roomId: string): Promise<void>;
  /** The id of every push that reached it, as often as it did. */
  arrivals(): Promise<readonly string[]>;
  /** Ends it without a word and starts it again: what is under way then is lost on this side. */
  kill(): Promise<void>;
  end(): Promise<void>;
};

const idle = async ({ speaker, name, isAgent }: Seat): Promise<void> => {
  if (isAgent) await speaker.post(`/agents/${name}/heartbeat`, { activity: "idle" });
};

/** By the stream of events alone: it asks for nothing. */
export function inboxReceiver(seat: Seat): Receiver {
  const arrived: string[] = [];
  let listening = { over: new AbortController(), done: Promise.resolve() };
  let room = "";
  const listen = () => {
    const over = new AbortController();
    const hear = async ({ push_id: id }: JsonObject): Promise<void> => {
      arrived.push(String(id));
      await seat.speaker.post(`/rooms/${seat.name}/inbox/${String(id)}/ack`, {}, [404, 409]);
      await idle(seat);
    };
    listening = { over, done: seat.speaker.follow(`room.${room}.push`, (data) => void hear(data), over.signal) };
  };
  const silence = async () => {
    listening.over.abort();
    await listening.done;
  };
  return {
    room: { transport: "inbox" },
    open: async (id) => {
      room = id;
      listen();
    },
    arrivals: async () => arrived,
    kill: async () => {
      await silence();
      listen();
    },
    end: silence,
  };
}

const secret = "a-secret-of-these-runs-alone";

/** A program that is called: it says that it has it in its answer. */
export async function webhookReceiver(seat: Seat): Promise<Receiver> {
  const arrived: string[] = [];
  let port = 0;
  let server: Server = createServer();
  const serve = async () => {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const body: unknown = JSON.parse(text);
        const signed = `${String(request.headers["x-dispatch-timestamp"])}.${text}`;
        const isSigned =
          request.headers["x-dispatch-signature"] === `v1=${createHmac("sha256", secret).update(signed).digest("hex")}`;
        if (!isSigned || !isObject(body)) return void response.writeHead(400).end();
        arrived.push(String(body["push_id"]));
        response.writeHead(200, { "content-type": "application/json" }).end('{"ack":true}');
        void idle(seat);
      });
    });
    await once(server.listen(port, "127.0.0.1"), "listening");
    const address = server.address();
    if (typeof address === "object" && address) ({ port } = address);
  };
  const close = async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  };
  await serve();
  return {
    room: { transport: "webhook", address: `http://127.0.0.1:${port}/${seat.name}`, secret },
    open: () => Promise.resolve(),
    arrivals: async () => arrived,
    kill: async () => {
      await close();
      await serve();
    },
    end: close,
  };
}

const run = promisify(execFile);

/** A server of tmux for these runs alone, at a socket in a folder of its own. */
export class TmuxServer {
  readonly socket: string;
  readonly #windows: { readonly name: string; readonly words: readonly string[] }[] = [];

  constructor(folder: string) {
    this.socket = join(folder, "tmux");
  }

  tmux = async (...words: string[]): Promise<string> =>
    (await run("tmux", ["-u", "-f", "/dev/null", "-S", this.socket, ...words])).stdout.trimEnd();

  /** Opens a window with a program and no shell behind it, in the session `rooms`. */
  async open(name: string, words: readonly string[]): Promise<void> {
    this.#windows.push({ name, words });
    await this.#begin(name, words, this.#windows.length === 1);
  }

  /** SIGKILL to the server, which takes all its panes along; then all windows anew. */
  async kill(): Promise<void> {
    process.kill(Number(await this.tmux("display-message", "-p", "#{pid}")), "SIGKILL");
    while (
      await this.tmux("list-sessions").then(
        () => true,
        () => false,
      )
    )
      await delay(20);
    for (const [at, { name, words }] of this.#windows.entries()) await this.#begin(name, words, at === 0);
  }

  async end(): Promise<void> {
    await this.tmux("kill-server").catch(() => undefined);
  }

  async #begin(name: string, words: readonly string[], isFirst: boolean): Promise<void> {
    const how = isFirst
      ? ["new-session", "-d", "-s", "rooms", "-x", "200", "-y", "50"]
      : ["new-window", "-d", "-t", "=rooms:"];
    await this.tmux(...how, "-n", name, ...words);
    await this.tmux("set-option", "-w", "-t", `=rooms:=${name}`, "automatic-rename", "off");
  }
}

/** A program in a pane. */
export async function tmuxReceiver(seat: Seat, server: TmuxServer, folder: string, apiFile: string): Promise<Receiver> {
  const file = join(folder, `${seat.name}.heard`);
  const program = join(import.meta.dirname, "pane-listener.ts");
  await server.open(seat.name, [
    process.execPath,
    program,
    file,
    apiFile,
    seat.name,
    ...seat.speaker.words,
    seat.isAgent ? "beats" : "",
  ]);
  return {
    room: { transport: "tmux", address: `rooms:${seat.name}`, program: "node" },
    open: () => Promise.resolve(),
    arrivals: async () => (await readFile(file, "utf8").catch(() => "")).split("\n").filter(Boolean),
    kill: async () => {
      const pane = await server.tmux("list-panes", "-a", "-F", "#{window_name} #{pane_id}");
      const [, id = ""] =
        pane
          .split("\n")
          .map((line) => line.split(" "))
          .find(([name]) => name === seat.name) ?? [];
      await server.tmux("respawn-pane", "-k", "-t", id);
    },
    end: () => Promise.resolve(),
  };
}
