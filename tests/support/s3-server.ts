// Which real S3 server the tests use: one the developer names, else a radosgw of their own, else none and why.
// Never a simulation: one that takes wrong signatures would prove nothing.

import { randomBytes } from "node:crypto";
import { Client } from "minio";
import { S3Store } from "../../dispatch/storage/s3-store.ts";
import { radosgwMissing, startRadosgw, type S3Server } from "./radosgw.ts";

/** How to get a server, or the reason for skipping. DISPATCH_TEST_S3_URL wants _ACCESS_KEY and _SECRET_KEY beside it. */
export async function findS3Server(): Promise<{ start: () => Promise<S3Server> } | { missing: string }> {
  const endpoint = process.env["DISPATCH_TEST_S3_URL"];
  if (endpoint !== undefined) return { start: async () => serverFromEnvironment(endpoint) };
  const missing = await radosgwMissing();
  return missing === null ? { start: startRadosgw } : { missing: `${missing} (or set DISPATCH_TEST_S3_URL)` };
}

/** Store options for a new bucket with a random name on the server; `create` makes it. */
export function newBucketOn(server: S3Server) {
  const { endpoint, region, accessKey, secretKey } = server;
  const bucket = `dispatch-test-${randomBytes(6).toString("hex")}`;
  const options = { endpoint, region, accessKey, secretKey, bucket };
  return { options, create: () => new S3Store(options).ensureBucket() };
}

/** Removes the bucket and all that is in it, so that a developer's own server is left as it was. */
export async function removeBucket(server: S3Server, bucket: string): Promise<void> {
  const { hostname, port, protocol } = new URL(server.endpoint);
  const { accessKey, secretKey, region } = server;
  const useSSL = protocol === "https:";
  const client = new Client({ endPoint: hostname, port: Number(port), useSSL, accessKey, secretKey, region });
  for await (const { name } of client.listObjectsV2(bucket, "", true)) await client.removeObject(bucket, name);
  await client.removeBucket(bucket);
}

function serverFromEnvironment(endpoint: string): S3Server {
  const accessKey = process.env["DISPATCH_TEST_S3_ACCESS_KEY"];
  const secretKey = process.env["DISPATCH_TEST_S3_SECRET_KEY"];
  if (accessKey === undefined || secretKey === undefined)
    throw new Error("DISPATCH_TEST_S3_URL needs DISPATCH_TEST_S3_ACCESS_KEY and DISPATCH_TEST_S3_SECRET_KEY");
  const region = process.env["DISPATCH_TEST_S3_REGION"] ?? "us-east-1";
  return { endpoint, region, accessKey, secretKey, stop: async () => undefined };
}
