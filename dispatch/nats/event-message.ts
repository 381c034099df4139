// What NATS is told of an event: on which subjects, in which envelope, and what cannot be sent at all. Pure.

import { envelopeOf } from "../kernel/event-envelope.ts";
import type { StreamedEvent } from "../kernel/outbox-reader.ts";

/** Of the outbox these go to the stream. What is told of the desk itself (`desk.…`) is left out: it is for the desk's own screens. */
export const streamSubjects = [
  "swarm.task.>",
  "swarm.dispatch.>",
  "swarm.agent.>",
  "field.ticket.>",
  "room.>",
  "governance.>",
  "playbook.>",
] as const;

export type EventMessage = {
  /** The same however often the event is sent: the stream drops a repetition by it, and so may who reads. */
  readonly id: string;
  readonly subject: string;
  /** The envelope, as JSON. */
  readonly body: string;
};

export function messageOf(event: StreamedEvent): EventMessage {
  const envelope = envelopeOf(event);
  return { id: envelope.id, subject: envelope.subject, body: JSON.stringify(envelope) };
}

/** What a message's headers take, at most. */
const headerBytes = 1_024;

/**
 * Why no server would ever take a message; null when one may. The client sends such a subject all the same, and only the missing answer
 * tells.
 * @param maxBytes the server's longest message
 */
export function faultOf({ subject, body }: EventMessage, maxBytes: number): string | null {
  if (subject.split(".").some((token) => !/^[^\s*>]+$/.test(token)))
    return "its subject has an empty token, a blank, * or >";
  const bytes = Buffer.byteLength(body) + headerBytes;
  return bytes > maxBytes ? `it has ${bytes} bytes with its headers, and the server takes ${maxBytes}` : null;
}
