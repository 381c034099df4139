// Whether a call's arguments can be worked with at all. Hosts do not check them, and a model may send anything; what
// they mean is for the API to judge.

import { isUuid } from "./idempotency-key.ts";
import { isDeeper, isObject, type JsonObject } from "./json.ts";
import { quoted } from "./result-text.ts";
import type { Tool } from "./tool-catalog.ts";

export type Arguments = { readonly args: JsonObject } | { readonly problem: string };

/** The API's own limit for a body, less a little for what the plugin adds. */
const maxBytes = 250 * 1024;
/** The contract's deepest field lies five levels down; metadata may be somebody's own. */
const maxDepth = 20;
/** Fields about the call, which are no fields of a tool. `actor_id` is only ever a claim. */
const aboutTheCall: ReadonlySet<string> = new Set(["actor_id", "actor_role", "request_id"]);

/** The arguments as an object of fields the tool has, or what is wrong with them. */
export function readArguments(tool: Tool, raw: unknown): Arguments {
  const args = raw ?? {};
  if (!isObject(args)) return { problem: "The arguments must be an object." };
  if (isDeeper(args, maxDepth)) return { problem: `The arguments lie more than ${maxDepth} levels deep.` };
  if (Buffer.byteLength(JSON.stringify(args)) > maxBytes) return { problem: "The arguments are larger than 250 KiB." };
  const strange = Object.keys(args).filter((field) => !tool.fields.has(field) && !aboutTheCall.has(field));
  if (strange.length > 0) {
    const named = strange
      .slice(0, 5)
      .map((field) => quoted(field, 40))
      .join(", ");
    return { problem: `There is no ${named} here. Fields of ${tool.chatName}: ${[...tool.fields].join(", ")}.` };
  }
  const requestId = args["request_id"];
  if (requestId !== undefined && !isUuid(requestId)) return { problem: "request_id must be a uuid, or be left out." };
  return { args };
}
