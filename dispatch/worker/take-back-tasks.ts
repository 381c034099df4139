// Takes tasks back whose time is over, and finds workers that have fallen silent or were woken and did not come. What still holds, each
// command asks again.

import type { TaskId } from "../contract/ids.ts";
import { plusMs } from "../kernel/clock.ts";
import { readLate, readNotWoken, readSilent } from "../tasks/broker-queue.ts";
import { heardSince } from "../workforce/task-standing.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { obeyed } from "./obeyed.ts";

const batch = 100;

export const takeBackTasks = (parts: DutyParts): Duty => ({
  name: "take back tasks",
  async round() {
    const { desk, run, log } = parts;
    const now = desk.clock.now().toISOString();
    const [late, silent, notWoken] = await Promise.all([
      readLate(desk.db, now, batch),
      readSilent(desk.db, heardSince(now), batch),
      readNotWoken(desk.db, plusMs(now, -desk.settings.wakeTimeoutMs), batch),
    ]);
    const done = await Promise.all([
      ...late.map((taskId: TaskId) => obeyed(() => run("task.time_out", { ids: { taskId }, input: {} }))),
      ...silent.map((slug) => obeyed(() => run("worker.lost", { ids: { slug }, input: {} }))),
      ...notWoken.map((slug) => obeyed(() => run("worker.wake_failed", { ids: { slug }, input: {} }))),
    ]);
    const moved = done.filter(Boolean).length;
    if (moved > 0) log.info({ late: late.length, silent, not_woken: notWoken }, "worker.tasks_taken_back");
    return { more: moved > 0 && late.length === batch };
  },
});
