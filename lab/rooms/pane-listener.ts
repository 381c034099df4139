// What sits in a pane in these runs: it reads lines, notes each push it is told in a file, says once that it heard it, and that it is idle.
// Run as a program: pane-listener FILE API ROOM ID TOKEN [BEAT]. API is a file with the address there is now; the last only where the
// room's worker is an agent.

import { appendFileSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Speaker } from "./speaker.ts";

const [file = "", api = "", room = "", id = "", token = "", beats = ""] = process.argv.slice(2);
const speaker = new Speaker(() => readFileSync(api, "utf8"), id, token);
const heard = new Set<string>();

console.log("listening");
for await (const line of createInterface({ input: process.stdin })) {
  const [, push] = / #([0-9a-f-]{36})$/.exec(line.trimEnd()) ?? [];
  if (push === undefined) continue;
  appendFileSync(file, `${push}\n`);
  if (heard.has(push)) continue;
  heard.add(push);
  await speaker.post(`/rooms/${room}/inbox/${push}/ack`, {}, [404, 409]);
  if (beats !== "") await speaker.post(`/agents/${id}/heartbeat`, { activity: "idle" });
}
