// One key per intent. A repeated tool call has the same key, and so the same effect, however often the host sends it.

import { createHash } from "node:crypto";
import { uuidPattern } from "../../dispatch/contract/fields.ts";
import { sortedJson } from "./json.ts";

export type Intent = {
  readonly toolCallId: string;
  readonly sessionKey: string | null;
  readonly sessionId: string | null;
  readonly tool: string;
  readonly args: unknown;
};

/**
 * A call through the host's tool search has an id of its own, made of the model's and how many such calls there were since the
 * search was opened; a repetition may be counted anew, and is none the less one.
 */
const withoutCount = (toolCallId: string): string => toolCallId.replace(/^(tool_search_code:.+):\d+$/, "$1");

const uuid = new RegExp(uuidPattern);

export const isUuid = (value: unknown): value is string => typeof value === "string" && uuid.test(value);

/**
 * The key of a tool call, as a uuid: SHA-256 (cut to 128 bits, marked version 8 of RFC 9562) over the call's id, its
 * conversation, tool and arguments. Some models number their calls anew in each conversation or turn; with the arguments
 * in it, only an equal call to the same tool can be taken for a repetition.
 */
export function keyOfIntent({ toolCallId, sessionKey, sessionId, tool, args }: Intent): string {
  const text = JSON.stringify([withoutCount(toolCallId), sessionKey, sessionId, tool, sortedJson(args)]);
  const bytes = createHash("sha256").update(text).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
