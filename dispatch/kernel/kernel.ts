// What runs commands: the desk, the contract's entries, a handler for each, and the queue in which commands find company for
// their transaction.

import type { CommandEntry } from "../contract/entry.ts";
import { contract as ours, type Contract } from "../contract/index.ts";
import { CommandGroups } from "./command-groups.ts";
import type { Command, CommandHandlers } from "./command.ts";
import type { Desk } from "./desk.ts";
import { RecentAnswers } from "./recent-answers.ts";
import { compileValidators, type Validator } from "./validate.ts";

export type Runnable = {
  readonly entry: CommandEntry;
  readonly handler: Command;
  readonly validate: Validator<unknown>;
};

export type Kernel = {
  readonly desk: Desk;
  readonly commands: ReadonlyMap<string, Runnable>;
  /** Constraints of the database that decide between two commands at the same moment. */
  readonly races: ReadonlySet<string>;
  readonly groups: CommandGroups;
  readonly recent: RecentAnswers;
};

/** Puts a kernel together, once per process and desk. */
export function openKernel(desk: Desk, handlers: CommandHandlers, contract: Contract = ours): Kernel {
  const validatorOf = (name: string) => compileValidators(desk.policy.unknownFields, contract).commands[name];
  const commands = new Map<string, Runnable>();
  for (const [name, entry] of Object.entries({ ...contract.commands, ...contract.internalCommands })) {
    const handler = handlers[name];
    if (!handler || !validatorOf(name)) throw new Error(`${name} is in the contract and has no handler`);
    if (handler.aggregate.name !== entry.aggregate)
      throw new Error(
        `${name} is about ${entry.aggregate} in the contract, about ${handler.aggregate.name} in its handler`,
      );
    // The rule for unknown fields may change while the process runs.
    const validate: Validator<unknown> = (raw) => validatorOf(name)?.(raw) ?? { ok: false, violations: [] };
    commands.set(name, { entry, handler, validate });
  }
  const races = [...commands.values()].flatMap(({ handler }) => [...(handler.races ?? []), ...handler.aggregate.races]);
  return {
    desk,
    commands,
    races: new Set(races),
    groups: new CommandGroups(desk.db, desk.settings.dbPoolMax),
    recent: new RecentAnswers(desk.db),
  };
}
