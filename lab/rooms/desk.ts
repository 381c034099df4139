// A desk of these runs: Postgres, API and workers as processes of their own, each of which may be killed and comes back, the API at another
// address.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { migrate } from "../../dispatch/db/migrate.ts";
import { startApiProcess, type ApiProcess } from "../bench/api-process.ts";
import { startWorkerProcess, type WorkerProcess } from "../bench/worker-process.ts";
import { Speaker } from "./speaker.ts";

const adminToken = "rooms-admin-token-of-more-than-32-characters";

export type RoomsDesk = {
  readonly admin: Speaker;
  /** A file that always holds the API's address. */
  readonly apiFile: string;
  url(): string;
  speakerOf(id: string, token: string): Speaker;
  killApi(): Promise<void>;
  killWorker(): Promise<void>;
  /** The metrics of the API there is now, as text. */
  metrics(): Promise<string>;
};

/** Everything of it ends with `ends`. */
export async function startRoomsDesk(
  ends: AsyncDisposableStack,
  {
    databaseUrl,
    folder,
    workers,
    settings,
  }: {
    readonly databaseUrl: string;
    readonly folder: string;
    readonly workers: number;
    readonly settings: Readonly<Record<string, string>>;
  },
): Promise<RoomsDesk> {
  await migrate({ databaseUrl, log: () => undefined });
  const all = {
    DISPATCH_ADMIN_TOKEN: adminToken,
    DISPATCH_RATE_LIMIT_PER_MINUTE: "0",
    DISPATCH_NIGHTLY_PLAN_HOUR: "off",
    DISPATCH_DB_POOL_MAX: "6",
    DISPATCH_WEBHOOK_PRIVATE_ADDRESSES: "true",
    ...settings,
  };
  const apiFile = join(folder, "api-url");
  const startApi = async (): Promise<ApiProcess> => {
    const api = await startApiProcess({ DISPATCH_DATABASE_URL: databaseUrl, DISPATCH_DATA_DIR: folder, ...all });
    await writeFile(apiFile, api.url);
    return api;
  };
  const startWorker = (): WorkerProcess => startWorkerProcess({ databaseUrl, dataDir: folder, settings: all });
  let api = await startApi();
  const working = Array.from({ length: workers }, startWorker);
  ends.defer(async () => void (await api.stop()));
  ends.defer(async () => void (await Promise.all(working.map((one) => one.kill()))));
  await Promise.all(working.map((one) => one.works));
  let turn = 0;
  const url = () => api.url;
  return {
    admin: new Speaker(url, "admin", adminToken),
    apiFile,
    url,
    speakerOf: (id, token) => new Speaker(url, id, token),
    killApi: async () => {
      await api.kill();
      api = await startApi();
    },
    killWorker: async () => {
      const at = turn++ % working.length;
      await working[at]?.kill();
      working[at] = startWorker();
    },
    metrics: async () => (await fetch(`${api.url}/metrics`, { headers: { accept: "text/plain" } })).text(),
  };
}
