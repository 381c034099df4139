// How a command on a task is declared: the pipeline's row is called a task here.

import type { BodyOf, IdsOf, InputOf, PipelineName } from "../contract/index.ts";
import type { TaskId } from "../contract/ids.ts";
import type { TaskBody } from "../contract/task-responses.ts";
import type { TaskState } from "../contract/task-states.ts";
import type { Session } from "../db/pool.ts";
import type { Call, CreationCommand, CreationDecision, RowCall, RowCommand, RowDecision } from "../kernel/command.ts";
import { taskAggregate } from "./task-aggregate.ts";
import type { NewTask, TaskChange, TaskRow } from "./task-row.ts";

type AnswerOf<N extends PipelineName> = BodyOf<N> & object;
export type TaskLoad<N extends PipelineName> = Call<InputOf<N>, IdsOf<N>, TaskId>;
export type TaskCall<N extends PipelineName> = TaskLoad<N> & { readonly task: TaskRow };
export type TaskDecision<N extends PipelineName> = RowDecision<TaskChange, TaskBody, AnswerOf<N>, TaskState>;
export type TaskCreation<N extends PipelineName> = CreationDecision<NewTask, TaskBody, AnswerOf<N>, TaskState>;

type Common<N extends PipelineName, Loaded> = {
  readonly name: N;
  readonly alone?: boolean;
  claims?(call: TaskLoad<N>): string | null;
  load?(tx: Session, call: TaskLoad<N>): Promise<Loaded>;
};

/** Declares a command on a task, inferring what it loads; see RowCommand. */
export function taskCommand<N extends PipelineName, Loaded = undefined>(
  command: Common<N, Loaded> & {
    target?(call: TaskCall<N>): TaskState | undefined;
    decide(call: TaskCall<N>, loaded: Loaded): TaskDecision<N>;
  },
): RowCommand<InputOf<N>, IdsOf<N>, TaskRow, TaskChange, TaskBody, AnswerOf<N>, Loaded, undefined, TaskId> {
  const { target, decide, ...rest } = command;
  return {
    ...rest,
    on: "row",
    aggregate: taskAggregate,
    ...(target && { target: (call) => target(onTask(call)) }),
    decide: (call, loaded) => decide(onTask(call), loaded),
  };
}

/** Declares a command that makes a task; see CreationCommand. */
export const taskCreation = <N extends PipelineName, Loaded>(
  command: Common<N, Loaded> & { decide(call: TaskLoad<N>, loaded: Loaded): TaskCreation<N> },
): CreationCommand<InputOf<N>, IdsOf<N>, NewTask, TaskBody, AnswerOf<N>, Loaded, TaskId> => ({
  ...command,
  on: "creation",
  aggregate: taskAggregate,
});

const onTask = <Input, Ids>(call: RowCall<Input, Ids, TaskRow, TaskId>) => ({ ...call, task: call.row });
