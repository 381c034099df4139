// An event as the world outside reads it, whatever brings it there: the same envelope in a stream of an agent and in NATS.

import type { JsonObject } from "./json.ts";
import { positionText, type StreamedEvent } from "./outbox-reader.ts";

export type EventEnvelope = {
  /** The same however often, and on whatever way, the event is told. */
  readonly id: string;
  readonly subject: string;
  /** ISO 8601 */
  readonly time: string;
  /** Who brought it about; null where nobody did. */
  readonly actor: unknown;
  readonly correlation_id: unknown;
  readonly data: JsonObject;
};

export function envelopeOf({ event_id, position, subject, created_at, payload }: StreamedEvent): EventEnvelope {
  const { data, ...about } = payload;
  return {
    // A few rows from before there were ids have none.
    id: event_id ?? positionText(position),
    subject,
    time: created_at,
    actor: payload["actor_id"] ?? null,
    correlation_id: payload["correlation_id"] ?? null,
    data: { ...about, ...(typeof data === "object" && data !== null && data) },
  };
}
