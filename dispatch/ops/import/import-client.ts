// Sends batches to the API as directory.import.

import { importCommands, type Imported } from "../../contract/import-commands.ts";
import { isObject } from "../../kernel/json.ts";
import { deskCalls } from "./desk-calls.ts";

export type ImportClient = (body: string) => Promise<Imported>;

/**
 * @param token asked for before each request, since one lives for minutes
 * @param wait milliseconds before a request is sent again
 */
export function importClient(
  api: string,
  token: () => Promise<string>,
  wait?: (ms: number) => Promise<unknown>,
): ImportClient {
  const { post } = deskCalls({ api, token, what: "the import", fits: isImported, ...(wait && { wait }) });
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
