// What people write in several ways and the desk keeps in one: capabilities, the words for a priority and for a task's state.

/** `"A, b ,,C"`, or a list of such, as a, b, c: trimmed, lower-cased, each once, in the order they come. */
export const parseCapabilities = (written: string | readonly string[]): string[] => [
  ...new Set(
    [written]
      .flat()
      .flatMap((text) => text.split(","))
      .map(capabilityKey)
      .filter((capability) => capability !== ""),
  ),
];

/** A capability as it is compared. */
export const capabilityKey = (capability: string): string => capability.trim().toLowerCase();

/** 1 is the most urgent. */
export type TaskPriority = 1 | 2 | 3 | 4 | 5;

export const priorityWords: Readonly<Record<string, TaskPriority>> = {
  critical: 1,
  emergency: 1,
  high: 2,
  urgent: 2,
  medium: 3,
  routine: 3,
  low: 4,
  background: 5,
};

/** @returns null for what is no priority */
export function parsePriority(written: string | number): TaskPriority | null {
  if (typeof written === "number") return ([1, 2, 3, 4, 5] as const).find((priority) => priority === written) ?? null;
  const word = written.trim().toLowerCase();
  return Object.hasOwn(priorityWords, word) ? (priorityWords[word] ?? null) : null;
}

/** Other words for states of a task, which filters and changes take and no answer uses. */
export const taskStateAliases: Readonly<Record<string, string>> = {
  queued: "pending",
  running: "in_progress",
  done: "completed",
  timeout: "timed_out",
};

/** The state that is meant; a word that is no alias is given back as it is. */
export const canonicalTaskState = (word: string): string =>
  Object.hasOwn(taskStateAliases, word) ? (taskStateAliases[word] ?? word) : word;
