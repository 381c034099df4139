// A secret the stack makes for itself and keeps: a file under the data folder that its owner alone can read.

import { randomBytes } from "node:crypto";
import { chmod, link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** What the API verifies tokens with, and the gateway's plugin signs with. */
export const jwtSecretFile = (dataDir: string): string => join(dataDir, "secrets", "auth-jwt-secret");

/**
 * Makes the file unless it is there; of several at once one wins, and none ever reads half a secret.
 * @returns what it holds
 */
export async function ensureSecretFile(path: string): Promise<string> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const unfinished = `${path}.${randomBytes(6).toString("hex")}`;
  await writeFile(unfinished, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flag: "wx" });
  try {
    await link(unfinished, path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    await chmod(path, 0o600);
  } finally {
    await rm(unfinished, { force: true });
  }
  return (await readFile(path, "utf8")).trim();
}
