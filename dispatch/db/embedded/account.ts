// Decides as whom PostgreSQL runs: it refuses root, and containers and fresh machines
// are often root. It must not create or change folders.
import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { promisify } from "node:util";
import type { Binaries } from "./binaries.ts";
import { EmbeddedPostgresError, systemCode, useOwnServer } from "./error.ts";

const run = promisify(execFile);

/**
 * `self`: this process's own user. `namespace`: root outside, `uid` inside a user
 * namespace, so files stay root's and a 0700 folder stays reachable. `account`: another
 * user, who must own the folders.
 */
export type RunAs =
  | { kind: "self" }
  | { kind: "namespace"; uid: number; gid: number }
  | { kind: "account"; uid: number; gid: number };

/** A command line together with the user it is spawned as. */
export type Launch = { argv: string[]; user: { uid?: number; gid?: number } };

/** The command line that runs `program` as `runAs`. */
export function launchAs(runAs: RunAs, program: string, args: readonly string[]): Launch {
  switch (runAs.kind) {
    case "self":
      return { argv: [program, ...args], user: {} };
    case "namespace":
      return {
        argv: ["unshare", "--user", `--map-user=${runAs.uid}`, `--map-group=${runAs.gid}`, program, ...args],
        user: {},
      };
    case "account":
      return { argv: [program, ...args], user: { uid: runAs.uid, gid: runAs.gid } };
  }
}

/**
 * Picks the first way that really runs `postgres` on this machine.
 * @param owned the cluster folder if there is one, else the data folder: its owner must stay the owner.
 * @returns the way, and the server's version ("18.4").
 * @throws {EmbeddedPostgresError} `cannot_run` when no way works.
 */
export async function chooseAccount(owned: string, binaries: Binaries): Promise<{ runAs: RunAs; version: string }> {
  const tried: string[] = [];
  let closed = false;
  for (const runAs of await candidates(owned)) {
    const { argv, user } = launchAs(runAs, binaries.postgres, ["--version"]);
    const [file = "", ...args] = argv;
    try {
      const { stdout } = await run(file, args, { ...user, cwd: "/", env: { PATH: process.env["PATH"], LC_ALL: "C" } });
      const version = /\(PostgreSQL\) (\S+)/.exec(stdout)?.[1];
      if (version !== undefined) return { runAs, version };
      tried.push(`${describe(runAs)}: unexpected answer "${stdout.trim()}"`);
    } catch (cause) {
      closed ||= runAs.kind === "account" && systemCode(cause) === "EACCES";
      tried.push(`${describe(runAs)}: ${cause instanceof Error ? lastLine(cause.message) : String(cause)}`);
    }
  }
  throw new EmbeddedPostgresError("cannot_run", {
    folder: owned,
    found: `no user PostgreSQL would run as (${tried.join("; ") || "no unprivileged user is known here"})`,
    expected: "a user other than root",
    wayOut:
      `${closed ? "Put this installation where that user may read it, start" : "Start"} as an ordinary user, ` +
      `allow user namespaces (or create a user named postgres), or ${useOwnServer}.`,
  });
}

async function candidates(owned: string): Promise<RunAs[]> {
  if (process.geteuid?.() !== 0) return [{ kind: "self" }];
  const { uid, gid } = await stat(owned);
  if (uid !== 0) return [{ kind: "account", uid, gid }];
  const known = await unprivilegedUsers();
  const inside = known[0] ?? { uid: 1000, gid: 1000 };
  const namespace: RunAs[] = process.platform === "linux" ? [{ kind: "namespace", ...inside }] : [];
  return [...namespace, ...known.map((user): RunAs => ({ kind: "account", ...user }))];
}

/** initdb insists on a user the system knows by name, so only such are offered, the fittest first. */
async function unprivilegedUsers(): Promise<{ uid: number; gid: number }[]> {
  const passwd = await readFile("/etc/passwd", "utf8").catch(() => "");
  const users = passwd.split("\n").flatMap((line) => {
    const [name = "", , uid = "", gid = ""] = line.split(":");
    return /^\d+$/.test(uid) && /^\d+$/.test(gid) && uid !== "0" ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
  const fittest = ["postgres", "_postgres", "nobody"].flatMap((name) => users.filter((user) => user.name === name));
  return fittest.map(({ uid, gid }) => ({ uid, gid }));
}

function describe(runAs: RunAs): string {
  return runAs.kind === "self"
    ? "as this user"
    : runAs.kind === "namespace"
      ? "in a user namespace"
      : `as user id ${runAs.uid}`;
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
