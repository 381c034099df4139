// What has become of the token secret of a stack while it ran, as its record and the secret's file tell.

import { stat } from "node:fs/promises";
import type { Settings } from "../../process/settings.ts";
import { stackFolderOf } from "../stack/folder.ts";
import { jwtSecretFile } from "../stack/secret-file.ts";
import { readStackRecord, type ServiceRecord } from "../stack/state.ts";

/** Refusals are counted over so long. */
const latelyMs = 3_600_000;

/** A line where it cannot be used, or was changed in the last hour while the stack ran; empty where there is nothing to say. */
export async function secretLines({ dataDir }: Settings): Promise<string[]> {
  const record = readStackRecord(stackFolderOf(dataDir));
  if (record === null) return [];
  // A supervisor of an earlier release does not say which file.
  const { secretUnusable: why, startedAt, services, secretFile: path = jwtSecretFile(dataDir) } = record;
  if (why) return [`the token secret on disk is not taken up (${why}): the stack's parts go by the one before`];
  if (path === null) return [];
  const changedAt = (await stat(path).catch(() => null))?.mtimeMs ?? 0;
  // The start is told in whole milliseconds, and what it makes is older than that.
  if (Math.floor(changedAt) <= Date.parse(startedAt) || changedAt < Date.now() - latelyMs) return [];
  const at = new Date(changedAt).toISOString();
  return [
    `the token secret in ${path} was changed at ${at}, while the stack ran: its parts are started again with it, and refuse ` +
      `tokens of the one before${services.flatMap((service) => standing(service, changedAt)).join("")}`,
  ];
}

/** How far a part that needs the secret is; the gateway's start takes a minute, and until then its chat is refused or away. */
function standing({ name, since }: ServiceRecord, changedAt: number): string[] {
  if (name !== "api" && name !== "gateway") return [];
  if (since === null) return [`; ${name} is starting`];
  return [`; ${name} ${Date.parse(since) > changedAt ? "goes by it" : "still goes by the one before"}`];
}
