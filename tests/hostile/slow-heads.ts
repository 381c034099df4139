// Connections that begin a request and never end it, as many as one attacker opens in passing (Slowloris).

import assert from "node:assert/strict";
import { Wire } from "./wire.ts";

const connections = 40;
/** The server allows 10 s for a head and looks every 5 s whose time is over; a busy machine adds to that. */
const withinMs = 180_000;

/** Begins so many requests, and waits until the server has given up on each and said so. */
export async function slowHeads(port: number): Promise<void> {
  const wires = Array.from({ length: connections }, () => new Wire(port, withinMs));
  await Promise.all(
    wires.map(async (wire) => {
      const answered = wire.next();
      wire.push(Buffer.from("GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: "));
      const answer = await answered;
      assert.equal(answer?.status, 408, "a head that never ends is given up");
      wire.close();
    }),
  );
}
