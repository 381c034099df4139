// The handlers of everything about tasks and their workers, by name.

import {
  workerDrain,
  workerLost,
  workerRegister,
  workerReport,
  workerStarted,
  workerStopped,
  workerToken,
  workerUndrain,
  workerWake,
  workerWakeFailed,
} from "./agent-commands.ts";
import { taskAssign, taskTimeOut, taskUnmatched } from "./broker-commands.ts";
import { taskCreate } from "./task-create.ts";
import { taskCheck, taskEvents, taskExplain, taskList, workerList, workforceStats } from "./task-queries.ts";
import { taskUpdate } from "./task-update.ts";
import { taskComplete, taskFail, taskProgress } from "./task-work.ts";

export const taskCommands = {
  "task.create": taskCreate,
  "task.update": taskUpdate,
  "task.progress": taskProgress,
  "task.complete": taskComplete,
  "task.fail": taskFail,
  "task.assign": taskAssign,
  "task.unmatched": taskUnmatched,
  "task.time_out": taskTimeOut,
  "worker.register": workerRegister,
  "worker.token": workerToken,
  "worker.drain": workerDrain,
  "worker.undrain": workerUndrain,
  "worker.wake": workerWake,
  "worker.wake_failed": workerWakeFailed,
  "worker.report": workerReport,
  "worker.started": workerStarted,
  "worker.stopped": workerStopped,
  "worker.lost": workerLost,
};

export const taskQueries = {
  "task.list": taskList,
  "task.check": taskCheck,
  "task.events": taskEvents,
  "task.explain": taskExplain,
  "worker.list": workerList,
  "workforce.stats": workforceStats,
};
