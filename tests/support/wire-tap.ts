// Listens to what a client says to Postgres: stands between the two and keeps the kind of each message, flight by flight,
// and counts how often this process hands a socket of it something to write.

import { once } from "node:events";
import { createServer, Socket } from "node:net";
import { connectToPostgres, WireMessages } from "./postgres-wire.ts";

export type WireTap = {
  /** The same database, through the tap. Called once. */
  through(databaseUrl: string): string;
  /** What was said since the last time, one line to a Sync: `Parse Bind Describe Execute Sync`, for example. */
  said(): string[];
  /** How often this process wrote to a socket of the tap since the last time. */
  writes(): number;
};

type Ending = { after(fn: () => void | Promise<void>): void };

const kinds: Readonly<Record<string, string>> = {
  B: "Bind",
  C: "Close",
  D: "Describe",
  E: "Execute",
  P: "Parse",
  Q: "Query",
  S: "Sync",
  X: "Terminate",
};

export async function startWireTap(t: Ending): Promise<WireTap> {
  let target = "";
  const said: string[] = [];
  const links = new Set<Socket>();
  const server = createServer((client) => {
    const postgres = connectToPostgres(target);
    let line: string[] = [];
    const asked = new WireMessages("untyped first", (message) => {
      const kind = kinds[message.toString("latin1", 0, 1)];
      if (kind !== undefined) line.push(kind);
      if (kind !== "Sync" && kind !== "Query" && kind !== "Terminate") return;
      said.push(line.join(" "));
      line = [];
    });
    client.on("data", (bytes: Buffer) => asked.add(bytes));
    for (const [one, other] of [
      [client, postgres],
      [postgres, client],
    ] as const) {
      links.add(one);
      one.on("error", () => undefined);
      one.on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the tap has no TCP address");
  const { port } = address;
  const writes = countWrites(t, port);
  t.after(() => {
    server.close();
    for (const link of links) link.destroy();
  });
  return {
    through: (databaseUrl) => {
      target = databaseUrl;
      const tapped = new URL(databaseUrl);
      tapped.hostname = "127.0.0.1";
      tapped.port = String(port);
      return tapped.href;
    },
    said: () => said.splice(0),
    writes,
  };
}

/** `_write` and `_writev` are what node asks of a socket: each call of them is one request to the system. */
function countWrites(t: Ending, port: number): () => number {
  let count = 0;
  const counts = (socket: Socket): void => void (socket.remotePort === port && count++);
  const { _write: one, _writev: several } = Socket.prototype;
  if (!several) throw new Error("a socket of this node writes in another way");
  Socket.prototype._write = function (this: Socket, ...parts) {
    counts(this);
    one.apply(this, parts);
  };
  Socket.prototype._writev = function (this: Socket, ...parts) {
    counts(this);
    several.apply(this, parts);
  };
  t.after(() => void Object.assign(Socket.prototype, { _write: one, _writev: several }));
  return () => {
    const counted = count;
    count = 0;
    return counted;
  };
}
