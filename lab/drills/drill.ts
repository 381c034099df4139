// What a drill is: a fault made for real on a throw-away stack, what must tell of it, what its reader must not be told, and
// who ends it.

import type { Ground, GroundNeeds } from "./ground.ts";

/** A dispatcher whose work stands still is told of it within this. */
export const workStopsMs = 15_000;
/** What needs no person is over within this. */
export const mendsItselfMs = 60_000;

/** What the first output an operator reads must hold, and what would be false. */
export type Truth = { readonly must: readonly RegExp[]; readonly mustNot: readonly RegExp[] };

export type Told = {
  /** Which signs are this fault's, by their text; see signs.ts. */
  readonly by: RegExp;
  /** Longest until one of them is seen, in ms. */
  readonly withinMs: number;
};

export type Mend =
  /** Nobody does anything. */
  | { readonly by: "itself" }
  /** One command of the page. */
  | {
      readonly by: "page";
      /** As the page has it; a word in capitals is a variable that its reader sets. */
      readonly command: string;
      /** What is typed, where that is more. */
      readonly run?: string;
      fill?(ground: Ground): Promise<Readonly<Record<string, string>>>;
    }
  /** The cause lies outside Dispatch and is taken away there. @returns what was done, for the scorecard */
  | { readonly by: "cause"; fix(ground: Ground): Promise<string> };

/** A fault that was made. */
export type Fault = {
  /** What people were told in the making of it: read before anything else. */
  readonly said?: readonly string[];
  /** Variables of the shell in which the first command is typed. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What must be well again, beside /health, the signs and the commands of the stream. */
  isWell?(): boolean | Promise<boolean>;
  /** Takes away what is left of it, whatever became of the drill. May find nothing, and be called again. */
  undo?(): void | Promise<void>;
};

export type Drill = {
  readonly name: string;
  /** The fault, in a sentence. */
  readonly about: string;
  readonly runbook: string;
  /** Headings of the page under which commands for this fault stand; all unless given. */
  readonly walks?: readonly string[];
  /** Null where the fault must harm nobody, and so need not be told. */
  readonly told: Told | null;
  readonly reads: Truth & {
    /** What an operator types first; `pnpm dispatch:alerts` unless given. */
    readonly command?: string;
  };
  readonly mend: Mend;
  /** Longest from the mend (from the fault, where nobody mends) until all is well, in ms. */
  readonly wellWithinMs?: number;
  readonly needs?: GroundNeeds;
  /** About, on a machine at rest; with the start of its stack where it has one to itself. */
  readonly seconds: number;
  /** Why it cannot be played here; null when it can. */
  skip?(): Promise<string | null>;
  /** @param signal aborted when the drill is given up */
  provoke(ground: Ground, signal: AbortSignal): Promise<Fault | void>;
};
