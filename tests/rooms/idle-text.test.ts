// A pane that shows its fixed idle text counts as idle, where nobody has heard of its worker for two minutes, and not before.

import assert from "node:assert/strict";
import { test } from "node:test";
import { startTestApi } from "../support/api.ts";
import { startTestWorker } from "../support/worker.ts";
import { addRoom, ask, bodyOf, pushed, statusOf } from "./rooms.ts";
import { testTmux, tmuxMissing } from "./tmux-server.ts";

test(
  "a pane's fixed idle text is looked at when nothing was heard for two minutes",
  { skip: await tmuxMissing() },
  async (t) => {
    const api = await startTestApi({ t });
    const server = await testTmux(t);
    const worker = await startTestWorker(api, { t, env: { DISPATCH_TMUX_SOCKET: server.socket } });
    const settle = async () => {
      for (let round = 0; round < 4; round++) await worker.wake();
    };
    await server.reader({ at: "rooms:clerk" });
    const made = await addRoom(api, "clerk", {
      transport: "tmux",
      address: "rooms:clerk",
      program: "node",
      idle_text: "listening",
    });
    // Somebody sits there who says nothing of themselves after this.
    await api.owner.query("UPDATE rooms SET agent_status = 'working', status_since = $2 WHERE id = $1", [
      made.id,
      api.clock.iso,
    ]);
    api.clock.advanceMs(119_000);
    await settle();
    assert.equal(await statusOf(api, "clerk"), "working");
    api.clock.advanceMs(2_000);
    await settle();
    assert.equal(await statusOf(api, "clerk"), "idle");
    await pushed(api, "clerk", "/queue-check");
    bodyOf(await ask(api, "GET", "/rooms/clerk"));
  },
);
