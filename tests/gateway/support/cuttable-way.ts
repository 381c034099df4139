// A way to a port of this machine on which all connections can be cut at once.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

export type CuttableWay = { readonly port: number; cut(): void; close(): Promise<void> };

export async function openWay(toPort: number): Promise<CuttableWay> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(toPort, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one
        .on("error", () => undefined)
        .on("close", () => {
          sockets.delete(one);
          other.destroy();
        });
      one.pipe(other);
    }
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  assert.ok(address && typeof address === "object");
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return {
    port: address.port,
    cut,
    close: async () => {
      const closed = once(server.close(), "close");
      cut();
      await closed;
    },
  };
}
