// For the error codes' test: each code that calls about rooms, and what is told to them, earn.

import { randomUUID } from "node:crypto";
import { refusalOf, type TestApi } from "../support/api.ts";
import { newRoomName, roomOf } from "../support/room-builder.ts";
import type { Produce } from "./request-refusals.ts";

const command = "/queue-check";
/** Pushes that wait for one room. */
const most = 100;

export function roomRefusals(pilot: TestApi) {
  const push = (body: object) => pilot.refuse("room.push", { body: { target: "nowhere", command, ...body } });
  const toSomebody = async (body: object) => push({ target: (await roomOf(pilot)).name, ...body });
  const create = (body: object) => pilot.refuse("room.create", { body: { name: newRoomName(), ...body } });

  return {
    INVALID_ROOM_NAME: () => push({ target: "the clerk" }),
    ROOM_NOT_FOUND: () => pilot.refuse("room.status", { room: "nowhere" }),
    COMMAND_LENGTH: () => toSomebody({ command: `${command} ${"x".repeat(2_000)}` }),
    COMMAND_CHARACTERS: () => toSomebody({ command: `${command}\nrm` }),
    COMMAND_NOT_ALLOWED: () => toSomebody({ command: "/exit now" }),
    EVENT_NOT_FOUND: () => pilot.refuse("event.ack", { body: { event_id: randomUUID() } }),
    ROOM_NAME_TAKEN: async () => create({ aliases: [(await roomOf(pilot)).name] }),
    ROOM_ADDRESS_TAKEN: async () => create({ address: (await roomOf(pilot)).name }),
    ROOM_WORKER_TAKEN: async () => create({ worker_id: (await roomOf(pilot)).worker }),
    CONTROL_ROOM_REFUSED: async () => {
      const { name } = await pilot.run("control.open", { actor: "dora", body: {} });
      return pilot.refuse("room.reset", { room: name });
    },
    PUSH_QUEUE_FULL: async () => {
      const { name: target } = await roomOf(pilot);
      await Promise.all(Array.from({ length: most }, () => pilot.run("room.push", { body: { target, command } })));
      return push({ target });
    },
    PUSH_NOT_FOUND: async () => {
      const { name, worker } = await roomOf(pilot);
      const headers = { "x-actor-id": worker, "x-actor-role": "agent", "x-agent-id": worker };
      const path = `/api/v1/rooms/${name}/inbox/${randomUUID()}/ack`;
      return refusalOf(await pilot.send("POST", path, { ...headers, "content-type": "application/json" }, "{}"));
    },
  } satisfies Record<string, Produce>;
}
