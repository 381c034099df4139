// A desk with a history worth keeping: a ticket with real evidence, one that was closed, a booking of a technician who
// takes no work any more, a room with words in both directions, and an API that goes on working. What the tests of backup and
// restore begin with.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFileStore, type FileStore } from "../../dispatch/storage/file-store.ts";
import type { Work } from "../../dispatch/ops/backup/dump.ts";
import type { Manifest } from "../../dispatch/ops/backup/manifest.ts";
import { takeBackup } from "../../dispatch/ops/backup/take.ts";
import { startTestApi, type TestApi } from "../support/api.ts";
import { addTechnician } from "../support/directory.ts";
import { pushTo, roomOf, saidIn } from "../support/room-builder.ts";
import { ticketIn } from "../support/ticket-builder.ts";

export const schemes = ["s3", "minio"];

export type UsedDesk = {
  readonly api: TestApi;
  /** For whatever a test writes; removed at the end. */
  readonly root: string;
  /** The ticket that was closed, with verified evidence and a packet. */
  readonly closed: string;
  take(
    name: string,
    more?: Partial<{ work: Work; store: FileStore; copyObjects: boolean }>,
  ): Promise<{ folder: string; manifest: Manifest }>;
};

export const quietWork = (signal = new AbortController().signal): Work => ({ say: () => undefined, signal });

export const storeIn = (dataDir: string): Promise<FileStore> =>
  openFileStore({ folder: join(dataDir, "objects"), bucket: "dispatch-objects", baseUrl: "http://127.0.0.1" });

export async function startUsedDesk(t: { after(fn: () => Promise<void>): void }): Promise<UsedDesk> {
  const root = await mkdtemp(join(tmpdir(), "dispatch-backup-"));
  t.after(() => rm(root, { recursive: true, force: true }));
  const api = await startTestApi({ profile: "strict", t });
  const { id: closed } = await ticketIn(api, "CLOSED", { summary: "Tür \\N klemmt sehr 📷" });
  await ticketIn(api, "IN_PROGRESS");
  const room = await roomOf(api);
  await saidIn(api, room);
  await pushTo(api, room);
  const drained = await addTechnician(api.owner);
  await ticketIn(api, "DISPATCHED", { techId: drained });
  // What COPY must escape, and a booking that its trigger would refuse today.
  const reason = 'van\\N\t"in"\nthe \\. shop\r📷';
  await api.owner.query("UPDATE technicians SET drained_at = now(), drain_reason = $2 WHERE id = $1", [
    drained,
    reason,
  ]);
  return {
    api,
    root,
    closed,
    take: async (name, { work = quietWork(), store, copyObjects = true } = {}) => {
      const folder = join(root, name);
      const from = store ?? (await storeIn(api.dataDir));
      const manifest = await takeBackup({ databaseUrl: api.databaseUrl, store: from, copyObjects, out: folder }, work);
      return { folder, manifest };
    },
  };
}
