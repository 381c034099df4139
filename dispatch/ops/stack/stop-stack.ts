// Ends a stack from outside it, whether its supervisor lives, hangs, or was killed.

import type { Settings } from "../../process/settings.ts";
import { stackFolderOf } from "./folder.ts";
import { endLeftovers, goneWithin, send } from "./leftovers.ts";
import { readStackRecord, removeStackRecord } from "./state.ts";

/** All bounds of the parts together, and a little more. */
const orderlyWithinMs = 20_000;

/**
 * Not for a stack that this very process started: that one has a stop() of its own.
 * @returns false when nothing ran
 */
export async function stopStack(settings: Settings, say: (line: string) => void): Promise<boolean> {
  const folder = stackFolderOf(settings.dataDir);
  const record = readStackRecord(folder);
  if (record === null) return false;
  const supervisor = [{ process: record.supervisor }];
  if ((await goneWithin(supervisor, 0)).length > 0) {
    say(
      `Stopping ${record.services
        .map(({ name }) => name)
        .toReversed()
        .join(", ")}…`,
    );
    send(record.supervisor.pid, "SIGTERM");
    const withinMs =
      orderlyWithinMs + settings.shutdownTimeoutMs + settings.workerShutdownTimeoutMs + postgresAndGatewayMs;
    if ((await goneWithin(supervisor, withinMs)).length > 0) {
      say(
        `The supervisor (${record.supervisor.pid}) does not end within ${Math.round(withinMs / 1000)} s; killing it.`,
      );
      send(record.supervisor.pid, "SIGKILL");
      await goneWithin(supervisor, orderlyWithinMs);
    }
  }
  // A supervisor that ended in order has taken its record away.
  const left = readStackRecord(folder);
  if (left === null) return true;
  await endLeftovers(left, say);
  removeStackRecord(
    folder,
    left.services.map(({ name }) => name),
  );
  return true;
}

const postgresAndGatewayMs = 45_000;
