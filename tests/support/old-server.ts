// A server that answers one question with one row and speaks no more of PostgreSQL's protocol
// than that: for servers too old to be among the test machines.
import { createServer } from "node:net";
import { once } from "node:events";
import type { TestContext } from "node:test";

const TEXT = 25;

/** Its URL; every query is answered with `row`, a value by column name, as text. */
export async function serverThatAnswers(t: TestContext, row: Record<string, string>): Promise<string> {
  const answer = Buffer.concat([
    message("T", int16(Object.keys(row).length), ...Object.keys(row).map(column)),
    message("D", int16(Object.keys(row).length), ...Object.values(row).map(value)),
    message("C", text("SELECT 1")),
    message("Z", Buffer.from("I")),
  ]);
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(Buffer.concat([message("R", int32(0)), message("Z", Buffer.from("I"))]));
      socket.on("data", (data) => (data[0] === "Q".charCodeAt(0) ? socket.write(answer) : socket.end()));
    });
  });
  server.listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server listens on no port");
  return `postgresql://me@127.0.0.1:${address.port}/desk`;
}

function message(kind: string, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(kind), int32(body.length + 4), body]);
}

function column(name: string): Buffer {
  return Buffer.concat([text(name), int32(0), int16(0), int32(TEXT), int16(-1), int32(-1), int16(0)]);
}

function value(content: string): Buffer {
  return Buffer.concat([int32(Buffer.byteLength(content)), Buffer.from(content)]);
}

function text(content: string): Buffer {
  return Buffer.from(`${content}\0`);
}

function int16(number: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(number);
  return buffer;
}

function int32(number: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(number);
  return buffer;
}
