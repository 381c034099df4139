// What has become of the token secret of a stack while it ran, as its record and the secret's file tell.

import { stat } from "node:fs/promises";
import type { Settings } from "../../process/settings.ts";
import { stackFolderOf } from "../stack/folder.ts";
import { jwtSecretFile } from "../stack/secret-file.ts";
import { readStackRecord } from "../stack/state.ts";

/** Refusals are counted over so long. */
const latelyMs = 3_600_000;

/** A line where it cannot be used, or was changed in the last hour while the stack ran; empty where there is nothing to say. */
export async function secretLines({ dataDir }: Settings): Promise<string[]> {
  const record = readStackRecord(stackFolderOf(dataDir));
  if (record === null) return [];
  const { secretUnusable: why, startedAt } = record;
  if (why) return [`the token secret on disk is not taken up (${why}): the stack's parts go by the one before`];
  const path = jwtSecretFile(dataDir);
  const changedAt = (await stat(path).catch(() => null))?.mtimeMs ?? 0;
  // The start is told in whole milliseconds, and what it makes is older than that.
  if (Math.floor(changedAt) <= Date.parse(startedAt) || changedAt < Date.now() - latelyMs) return [];
  const at = new Date(changedAt).toISOString();
  return [
    `the token secret in ${path} was changed at ${at}, while the stack ran: its parts come to it within half a minute, ` +
      "and refuse tokens of the one before",
  ];
}
