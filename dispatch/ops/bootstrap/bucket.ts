// Makes the bucket of a configured S3 server, as a first step on a fresh one; the file store needs none.

import type { Settings } from "../../process/settings.ts";

/** @returns false when objects are kept as files and there is no bucket to make */
export async function makeBucket(settings: Settings): Promise<boolean> {
  if (settings.objectStoreEndpoint === null) return false;
  const { S3Store } = await import("../../storage/s3-store.ts");
  const store = new S3Store({
    endpoint: settings.objectStoreEndpoint,
    bucket: settings.objectStoreBucket,
    region: settings.objectStoreRegion,
    accessKey: settings.objectStoreKey ?? "",
    secretKey: settings.objectStoreSecret ?? "",
  });
  try {
    await store.ensureBucket();
    return true;
  } finally {
    await store.close();
  }
}
