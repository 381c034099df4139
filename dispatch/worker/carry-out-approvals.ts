// Carries out what a person has allowed and no API has, says that a request still waits, and ends those that nobody answered in time.

import { carryOut } from "../approval-requests/carry-out.ts";
import { readAllowed, readExpired, readForgotten } from "../approval-requests/request-queues.ts";
import { plusMs } from "../kernel/clock.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { Refusal } from "../kernel/refusal.ts";
import type { Duty, DutyParts } from "./duty.ts";
import { obeyed } from "./obeyed.ts";
import { awayPart } from "./trouble.ts";

const batch = 50;
/** Whichever API took the answer carries it out at once; so long it is left to do so, in ms. */
const leftToApiMs = 2_000;

export const carryOutApprovals = ({ desk, run, log }: DutyParts, kernel: Kernel): Duty => ({
  name: "carry out approvals",
  async round(stopping) {
    const now = desk.clock.now().toISOString();
    const [allowed, expired, forgotten] = await Promise.all([
      readAllowed(desk.db, plusMs(now, -leftToApiMs), batch),
      readExpired(desk.db, now, batch),
      readForgotten(desk.db, now, batch),
    ]);
    let moved = 0;
    const failures: unknown[] = [];
    for (const id of allowed) {
      if (stopping()) break;
      // One that fails, or lacks a part that others can do without, keeps none of those behind it waiting.
      const isDone = await carriedOut(kernel, id).catch((error: unknown) => {
        if (awayPart(error) === "postgres") throw error;
        failures.push(error);
        return false;
      });
      if (!isDone) continue;
      log.info({ approval_request: id }, "worker.approval_carried_out");
      moved++;
    }
    for (const [name, requests] of [
      ["approval_request.expire", expired],
      ["approval_request.remind", forgotten],
    ] as const)
      for (const approvalRequestId of requests) {
        if (stopping()) break;
        if (await obeyed(() => run(name, { ids: { approvalRequestId }, input: {} }))) moved++;
      }
    if (failures.length > 0) throw failures[0];
    return { more: moved > 0 && [allowed, expired, forgotten].some(({ length }) => length === batch) };
  },
});

/** @throws what tells that a part is away, and defects; whose row is held is for the next round */
async function carriedOut(kernel: Kernel, id: string): Promise<boolean> {
  try {
    await carryOut(kernel, id);
    return true;
  } catch (error) {
    if (error instanceof Refusal && awayPart(error) === null) return false;
    throw error;
  }
}
