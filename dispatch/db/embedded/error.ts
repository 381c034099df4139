// The one error the embedded PostgreSQL throws. It names what was found, what was
// expected and the way out, so a caller prints its message and needs to add nothing.

/** What kind of trouble it is; stable, for callers that branch on it. */
export type EmbeddedPostgresErrorCode =
  | "binaries_missing"
  | "cannot_run"
  | "wrong_version"
  | "wrong_owner"
  | "not_writable"
  | "disk_full"
  | "damaged"
  | "did_not_start";

/** The parts of the message, each also readable on its own. */
export type EmbeddedPostgresTrouble = {
  /** The folder it is about. */
  folder: string;
  /** What is there. */
  found: string;
  /** What should be there. */
  expected: string;
  /** What the reader can do now. */
  wayOut: string;
  cause?: unknown;
};

/** Thrown when the embedded PostgreSQL cannot be prepared, started or attached to. */
export class EmbeddedPostgresError extends Error {
  override readonly name = "EmbeddedPostgresError";
  readonly code: EmbeddedPostgresErrorCode;
  readonly folder: string;
  readonly found: string;
  readonly expected: string;
  readonly wayOut: string;

  constructor(code: EmbeddedPostgresErrorCode, trouble: EmbeddedPostgresTrouble) {
    super(
      `The embedded PostgreSQL cannot use ${trouble.folder}: found ${trouble.found}, ` +
        `expected ${trouble.expected}. ${trouble.wayOut}`,
      { cause: trouble.cause },
    );
    this.code = code;
    this.folder = trouble.folder;
    this.found = trouble.found;
    this.expected = trouble.expected;
    this.wayOut = trouble.wayOut;
  }
}

/** Ways out that fit several troubles, worded once. */
export const useAnotherFolder = "Set DISPATCH_DATA_DIR to another folder";
export const useOwnServer = "set DISPATCH_DATABASE_URL to a PostgreSQL server (15 or newer) of your own";

/** The code of a failed system call ("ENOSPC"), or undefined. */
export function systemCode(cause: unknown): string | undefined {
  return cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : undefined;
}

/** Whether a program's output says that the disk is full. */
export function saysDiskFull(output: string): boolean {
  return /No space left on device|Disk quota exceeded/.test(output);
}

/** The error for a full disk under `folder`. */
export function diskFull(folder: string, cause?: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError("disk_full", {
    folder,
    found: "a full disk",
    expected: "at least 200 MB free",
    wayOut: `Free some space and start again; nothing written so far is lost. ${useAnotherFolder} if this disk stays small.`,
    cause,
  });
}

/** Turns a failed file-system call on `folder` into the matching error; passes anything else through. */
export function folderTrouble(folder: string, cause: unknown): unknown {
  switch (systemCode(cause)) {
    case "ENOSPC":
    case "EDQUOT":
      return diskFull(folder, cause);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return new EmbeddedPostgresError("not_writable", {
        folder,
        found: `that this user may not write there (${systemCode(cause)})`,
        expected: "a folder this user owns and may write",
        wayOut: `Give it to this user (chown -R) or make it writable. ${useAnotherFolder} otherwise.`,
        cause,
      });
    case "ENOTDIR":
    case "EEXIST":
      return new EmbeddedPostgresError("not_writable", {
        folder,
        found: "a file in its place",
        expected: "a folder, or nothing yet",
        wayOut: `Move the file away. ${useAnotherFolder} otherwise.`,
        cause,
      });
    default:
      return cause;
  }
}
