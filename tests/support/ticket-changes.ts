// What the audit keeps of a change: by field, what stood there and what stands there now.

import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";
import type { TestApi } from "./api.ts";

export async function changesIn(api: TestApi, ticket: string, eventId: string): Promise<JsonObject> {
  const { events } = await api.read("ticket.timeline", { ticket });
  const payload = events.find(({ id }) => id === eventId)?.payload;
  return isObject(payload) && isObject(payload["changes"]) ? payload["changes"] : {};
}
