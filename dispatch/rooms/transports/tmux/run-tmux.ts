// Runs tmux's client on one server: words and no shell, with an end to each call however the server behaves. Knows nothing of rooms.

import { execFile } from "node:child_process";
import { NotDelivered } from "../transport.ts";

/** tmux did not do what it was asked for; `words` are its own. */
export class TmuxRefused extends NotDelivered {
  readonly words: string;

  constructor(words: string, options?: ErrorOptions) {
    super(
      `tmux did not do it: ${words}. See that its server runs, and that DISPATCH_TMUX_SOCKET is the server's.`,
      options,
    );
    this.words = words;
  }
}

export type TmuxServer = {
  /** A path, or a name in tmux's own folder; null: the server that tmux speaks to by itself. */
  readonly socket: string | null;
  /** Longest a call may take: 5,000 unless given. */
  readonly timeoutMs?: number;
  /** What the client gets, and so a server that it starts; this process's own unless given. */
  readonly environment?: NodeJS.ProcessEnv;
};

/**
 * Resolves with what tmux printed. Without a signal nothing but the time ends the call.
 * @throws TmuxRefused where tmux says no, NotDelivered where it is not installed, does not answer or was not waited for
 */
export type Tmux = (words: readonly string[], signal?: AbortSignal) => Promise<string>;

/** A pane's whole history at most: 50,000 lines of 300 columns. */
const mostPrinted = 16 * 1024 * 1024;

export function tmuxOf({ socket, timeoutMs = 5_000, environment = process.env }: TmuxServer): Tmux {
  // Inside a pane tmux would speak to that pane's server.
  const { TMUX: _server, TMUX_PANE: _pane, ...env } = environment;
  const where = socket === null ? [] : socket.includes("/") ? ["-S", socket] : ["-L", socket];
  // tmux 3.3a prints each character beyond ASCII, and each control character, as _ to a client whose locale is not UTF-8: -u says it is.
  const options = { env, timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: mostPrinted } as const;
  return (words, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    execFile(
      "tmux",
      ["-u", ...where, ...words],
      { ...options, ...(signal && { signal }) },
      (error, printed, complaint) => {
        if (error === null) return resolve(printed);
        reject(refusalOf(error, complaint, timeoutMs, signal));
      },
    );
    return promise;
  };
}

type Ended = Error & { readonly code?: unknown; readonly killed?: boolean };

function refusalOf(error: Ended, complaint: string, timeoutMs: number, signal?: AbortSignal): NotDelivered {
  const cause = { cause: error };
  if (signal?.aborted) return new NotDelivered("It was not waited for: this process ends.", cause);
  if (error.code === "ENOENT")
    return new NotDelivered(
      "tmux is not installed where the worker runs: install it there (apt-get install tmux).",
      cause,
    );
  if (error.killed === true && typeof error.code !== "string")
    return new NotDelivered(`The tmux server did not answer within ${timeoutMs} ms: see whether it hangs.`, cause);
  return new TmuxRefused(complaint.trim().replaceAll(/\s+/g, " ") || error.message, cause);
}

/** An argument as tmux must get it: it eats a `;` at the end, unless that has a backslash before it. */
export const asArgument = (text: string): string => (text.endsWith(";") ? `${text.slice(0, -1)}\\;` : text);
