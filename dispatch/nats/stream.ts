// The stream that keeps what is told: made where it is missing, and given our subjects and times where it has others.

import { isDeepStrictEqual } from "node:util";
import {
  jetstreamManager,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  type StreamConfig,
} from "@nats-io/jetstream";
import { nanos, type NatsConnection } from "@nats-io/transport-node";
import { streamSubjects } from "./event-message.ts";

export const streamName = "DISPATCH_EVENTS";

const hourMs = 3_600_000;

/** What must hold of it. All else (replicas, storage, room) is its operator's, who may have made it. */
const ours = {
  subjects: [...streamSubjects],
  max_age: nanos(720 * hourMs),
  /** A repetition within it is dropped. */
  duplicate_window: nanos(120_000),
} satisfies Partial<StreamConfig>;

/** Sees to it that the stream is there and as it must be. `add` is refused where one of that name has other limits. */
export async function keepStream(nc: NatsConnection, timeoutMs: number): Promise<void> {
  const manager = await jetstreamManager(nc, { checkAPI: false, timeout: timeoutMs });
  const config = await configOf(manager);
  if (config === null) await manager.streams.add({ name: streamName, ...ours });
  else if (!isOurs(config)) await manager.streams.update(streamName, ours);
}

async function configOf({ streams }: JetStreamManager): Promise<StreamConfig | null> {
  try {
    return (await streams.info(streamName)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return null;
    throw error;
  }
}

const isOurs = ({ subjects, max_age, duplicate_window }: StreamConfig): boolean =>
  isDeepStrictEqual(
    { subjects: subjects.toSorted(), max_age, duplicate_window },
    { ...ours, subjects: ours.subjects.toSorted() },
  );
