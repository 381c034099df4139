// Reads the commands out of a runbook: fenced blocks marked `sh run`, each with the `expect` block that may follow it.

export type RunbookBlock = {
  /** The heading it stands under. */
  readonly heading: string;
  /** Of the first command, counted from 1. */
  readonly line: number;
  /** As a person would paste them. */
  readonly commands: string;
  /** What the output must hold, one after the other. */
  readonly expected: readonly RegExp[];
};

export class RunbookError extends Error {
  override readonly name = "RunbookError";
}

const fence = /^```(.*)$/;
const run = "sh run";
const expect = "expect";

/** @throws RunbookError naming the line of a block that is not closed, stands alone, or is no regular expression */
export function blocksOf(markdown: string): RunbookBlock[] {
  const blocks: { heading: string; line: number; commands: string; expected: RegExp[] }[] = [];
  const lines = markdown.split("\n");
  let heading = "";
  for (let at = 0; at < lines.length; at++) {
    const text = lines[at] ?? "";
    const info = fence.exec(text)?.[1]?.trim();
    if (info === undefined) {
      heading = /^#+ (.*)$/.exec(text)?.[1] ?? heading;
      continue;
    }
    const opened = at + 1;
    const body: string[] = [];
    for (at++; at < lines.length && !fence.test(lines[at] ?? ""); at++) body.push(lines[at] ?? "");
    if (at >= lines.length) throw new RunbookError(`line ${opened}: the block is not closed`);
    if (info === run) blocks.push({ heading, line: opened + 1, commands: body.join("\n"), expected: [] });
    if (info !== expect) continue;
    const block = blocks.at(-1);
    if (!block || block.expected.length > 0)
      throw new RunbookError(`line ${opened}: what is expected belongs to no block of commands`);
    block.expected.push(...body.filter((line) => line.trim() !== "").map((line) => pattern(line, opened)));
  }
  return blocks;
}

function pattern(text: string, line: number): RegExp {
  try {
    return new RegExp(text.trim(), "m");
  } catch (cause) {
    throw new RunbookError(`line ${line}: ${text} is no regular expression`, { cause });
  }
}

/** The first pattern that the output does not hold behind the ones before it; null when it holds all. */
export function missingFrom(output: string, expected: readonly RegExp[]): RegExp | null {
  let rest = output;
  for (const one of expected) {
    const found = one.exec(rest);
    if (!found) return one;
    rest = rest.slice(found.index + found[0].length);
  }
  return null;
}
