// What may be told to a room: one line, of a length, beginning with a word that the policy names. Pure.

import { longestPushCommand, roomNamePattern } from "../contract/room-commands.ts";
import { Refusal } from "../kernel/refusal.ts";

const name = new RegExp(roomNamePattern);
// oxlint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\p{Cs}]/u;

/** Whether a text can name rooms. */
export const isTarget = (target: string): boolean => name.test(target);

/** @throws Refusal INVALID_ROOM_NAME */
export function requireTarget(target: string): void {
  if (!isTarget(target)) throw new Refusal("INVALID_ROOM_NAME", { target: [...target].slice(0, 100).join("") });
}

/** @throws Refusal COMMAND_LENGTH, COMMAND_CHARACTERS, COMMAND_NOT_ALLOWED */
export function requireCommand(command: string, prefixes: readonly string[]): void {
  const { length } = [...command];
  if (length < 1 || length > longestPushCommand)
    throw new Refusal("COMMAND_LENGTH", { characters: length, at_most: longestPushCommand });
  const at = command.search(forbidden);
  if (at !== -1)
    throw new Refusal("COMMAND_CHARACTERS", {
      at,
      character: `U+${(command.codePointAt(at) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`,
    });
  const [first = ""] = command.split(/\s/u);
  if (!prefixes.includes(first))
    throw new Refusal("COMMAND_NOT_ALLOWED", { first_word: first.slice(0, 100), allowed_prefixes: prefixes });
}
