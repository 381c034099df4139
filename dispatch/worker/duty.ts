// What a duty is, and what each gets to work with. A duty knows nothing of the others, nor of when it runs.

import type { Logger } from "pino";
import type { Desk } from "../kernel/desk.ts";
import type { Random } from "../webhooks/back-off.ts";
import type { RunAsWorker } from "./run-command.ts";

export type Duty = {
  readonly name: string;
  /**
   * One bounded round of work.
   * @param stopping true once the worker is to end: then finish what is in hand and take up nothing more
   * @returns whether more is waiting, so that another round may follow at once
   */
  round(stopping: () => boolean): Promise<{ readonly more: boolean }>;
};

/** What a worker process has done since it started. */
export type Totals = { cycles: number; dispatches: number; errors: number };

export type DutyParts = {
  readonly desk: Desk;
  readonly log: Logger;
  readonly run: RunAsWorker;
  readonly totals: Totals;
  readonly random: Random;
};
