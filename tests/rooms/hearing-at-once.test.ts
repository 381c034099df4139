// The outage it began with, as a regression: items are assigned, three idle rooms hear of all of them without ever asking. And in small:
// pushes by every transport while what carries them is killed.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test, type TestContext } from "node:test";
import { promisify } from "node:util";
import { roomsChaos } from "../../lab/rooms/chaos.ts";
import { startRoomsDesk } from "../../lab/rooms/desk.ts";
import { fortyFive, items } from "../../lab/rooms/forty-five.ts";
import { inboxReceiver, tmuxReceiver, TmuxServer, webhookReceiver } from "../../lab/rooms/receivers.ts";
import { throwawayServer } from "../../lab/bench/throwaway-database.ts";

const hasTmux = await promisify(execFile)("tmux", ["-V"]).then(
  () => true,
  () => false,
);
const named = ["inbox", "webhook", ...(hasTmux ? ["tmux"] : [])];

async function deskFor(t: TestContext, workers: number, settings: Readonly<Record<string, string>> = {}) {
  const ends = new AsyncDisposableStack();
  t.after(() => ends.disposeAsync());
  const { url: databaseUrl, folder } = await throwawayServer(ends, () => undefined);
  const tmux = new TmuxServer(folder);
  ends.defer(() => tmux.end());
  const all = { DISPATCH_TMUX_SOCKET: tmux.socket, ...settings };
  const desk = await startRoomsDesk(ends, { databaseUrl, folder, workers, settings: all });
  const receiverOf = {
    inbox: inboxReceiver,
    webhook: webhookReceiver,
    tmux: (seat: Parameters<typeof inboxReceiver>[0]) => tmuxReceiver(seat, tmux, folder, desk.apiFile),
  };
  return { desk, databaseUrl, tmux, receiverOf };
}

describe(`${items} items for three idle rooms are all heard, and nobody asked`, () => {
  for (const transport of ["inbox", "webhook", "tmux"] as const)
    test(`by ${transport}`, { skip: !named.includes(transport) && "tmux is not installed" }, async (t) => {
      const { desk, databaseUrl, receiverOf } = await deskFor(t, 1);
      const { acked, polls, ...figures } = await fortyFive(desk, databaseUrl, transport, receiverOf[transport]);
      // How fast that is on which machine `pnpm dispatch:bench:rooms` says.
      t.diagnostic(JSON.stringify(figures));
      assert.deepEqual({ acked, polls }, { acked: items, polls: 0 });
      assert.ok(figures.messages < items, "those that wait leave as one");
    });
});

test("no push is lost or goes astray, whatever is killed", async (t) => {
  const { desk, databaseUrl, tmux, receiverOf } = await deskFor(t, 2, {
    DISPATCH_TICK_INTERVAL_MS: "500",
    DISPATCH_WORKER_LOOP_MS: "1000",
  });
  const { violations, ...figures } = await roomsChaos({
    desk,
    databaseUrl,
    pushes: 60,
    seed: 20_261_130,
    transports: Object.fromEntries(
      Object.entries(receiverOf)
        .filter(([transport]) => named.includes(transport))
        .map(([transport, receiver]) => [transport, { rooms: 2, receiver }]),
    ),
    kills: { api: 1, worker: 2, receiver: 2, tmux: hasTmux ? 1 : 0, gateway: 0 },
    killShared: hasTmux ? { tmux: () => tmux.kill() } : {},
    say: () => undefined,
  });
  t.diagnostic(JSON.stringify(figures));
  assert.deepEqual(violations, []);
  assert.deepEqual(figures.kills, { api: 1, worker: 2, receiver: 2, tmux: hasTmux ? 1 : 0, gateway: 0 });
});
