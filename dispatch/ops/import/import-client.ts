// Sends batches to the API as directory.import.

import { importCommands, type Imported } from "../../contract/import-commands.ts";
import { isObject } from "../../kernel/json.ts";
import { deskCalls, type DeskCallOptions } from "./desk-calls.ts";

export type ImportClient = (body: string) => Promise<Imported>;

/**
 * @param token asked for before each request, since one lives for minutes
 * @param more how it waits and tells of it
 */
export function importClient(
  api: string,
  token: () => Promise<string>,
  more: Pick<DeskCallOptions, "wait" | "say"> = {},
): ImportClient {
  const { post } = deskCalls({ api, token, what: "the import", fits: isImported, ...more });
  return async (body) => {
    const answer = await post(importCommands["directory.import"].path, body);
    if (!isImported(answer)) throw new TypeError("an answer that did not fit was let through");
    return answer;
  };
}

const isImported = (value: unknown): value is Imported =>
  isObject(value) &&
  typeof value["applied"] === "boolean" &&
  Array.isArray(value["refused"]) &&
  isObject(value["kinds"]);
