// What AI agents do at the desk, told as it happens: one does a task, one sleeps and is woken, one dies at work and another takes over.

import { once } from "node:events";
import type { TaskBody } from "../../dispatch/contract/task-responses.ts";
import { CommandFailure } from "../../dispatch/process/command-line.ts";
import type { DemoAgents } from "./demo-agents.ts";
import { Telling, type TellingOptions } from "./telling.ts";

type Options = TellingOptions & { readonly apiUrl: string; readonly agents: DemoAgents };

/** In place of a model: reads the task, and answers. */
const answering = (result: object, summary: string): string[] => [
  process.execPath,
  "-e",
  `process.stdin.resume().on("end", () => {
     console.log(JSON.stringify({ progress: { message: "looking it up", percent: 50 } }));
     console.log(JSON.stringify(${JSON.stringify({ result, summary })}));
   })`,
];
/** Never comes to an end while somebody listens to it: without its agent it ends too. */
const hanging = [process.execPath, "-e", "setInterval(() => console.log('still at it'), 200)"];

const patienceMs = 60_000;
const lookEveryMs = 50;

/**
 * Tells it at a desk on which a worker runs.
 * @returns how many receipts were given, each read back unchanged
 * @throws CommandFailure where the desk does anything else than the story says
 */
export async function tellTasksStory(options: Options): Promise<number> {
  const { herself: dana, apiUrl, agents } = options;
  const told = new Telling(options);
  const asks = async (title: string, scope: string, more: object = {}) => {
    const created = await dana.does("task.create", null, { title, scope, ...more });
    told.note(`asks for "${title}" -> ${created.status}`, created.receipt, dana);
    return created.id;
  };
  const until = async (taskId: string, what: string, hasCome: (task: TaskBody) => boolean) => {
    const begun = performance.now();
    for (;;) {
      const task = await dana.reads("task.check", { taskId });
      const afterMs = Math.round(performance.now() - begun);
      if (hasCome(task)) return { ...task, afterMs };
      if (afterMs > patienceMs)
        throw new CommandFailure(`${what} within ${patienceMs / 1000} s: the task is ${task.status}.`);
      await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
    }
  };
  const isDone = ({ status }: TaskBody): boolean => status === "completed";

  const warranty = answering({ warranty_until: "2028-05-01" }, "In warranty until 1 May 2028");
  await agents.start("clerk", { apiUrl, capabilities: "warranty, supplier", command: warranty });
  told.line("The clerk", "comes onto the roster: able to check warranties and to call suppliers");
  const first = await asks("Check the warranty of the door closer", "warranty", { priority: "high" });
  const done = await until(first, "The clerk did not finish", isDone);
  told.line("The clerk", `${done.result_summary}, after ${done.afterMs} ms -> ${done.status}`);

  const draft = answering({ lines: 3 }, "A quote of three lines");
  const scribe = { apiUrl, capabilities: "quote", policy: "on_demand", command: draft } as const;
  // It has been here before, and sleeps.
  const before = await agents.start("scribe", scribe);
  before.kill("SIGTERM");
  await once(before, "exit");
  agents.wakes("scribe", scribe);
  const second = await asks("Draft the quote for new hinges", "quote");
  const woken = await until(second, "The scribe did not finish", isDone);
  told.line("The scribe", `slept, was woken, and wrote it: ${woken.result_summary}, after ${woken.afterMs} ms`);

  const temp = await agents.start("temp", { apiUrl, capabilities: "supplier", command: hanging });
  const third = await asks("Call the supplier about the pane", "supplier", { assignee: "temp", timeout_ms: 1_000 });
  await until(third, "The temp did not begin", ({ status }) => status === "in_progress");
  temp.kill("SIGKILL");
  told.line("The temp", "begins, and dies at work");
  const taken = await until(
    third,
    "Nobody took over",
    ({ assignee, status }) => assignee === "clerk" || status === "completed",
  );
  told.line("The broker", `takes the task back when its time is over, and gives it to ${taken.assignee}`);
  const last = await until(third, "The clerk did not take over", isDone);
  told.line("The clerk", `does it -> ${last.status}, at the cost of ${last.retry_count} retry`);
  return told.proved();
}
