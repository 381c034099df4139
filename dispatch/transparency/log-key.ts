// The key that checkpoints are signed with: a file for the worker alone, and beside it one with the public key, which may be anybody's.

import { generateKeyPairSync } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { signerFrom, verifierFrom, verifierText, type Signer, type Verifier } from "./signed-note.ts";

export type LogKey = {
  /** The key under a log's own name. */
  readonly signerFor: (origin: string) => Signer;
  /** Its public key, and those that stand beside it: of keys before. */
  readonly publicKeys: readonly Buffer[];
};

/** Where a desk on one machine has it, in a folder of its own. */
export const ownKeyFile = (dataDir: string): string => join(dataDir, "log-key", "log.key");

/** The file with the verifier keys, one a line, the newest last. */
export const publicFileOf = (keyFile: string): string => `${keyFile}.pub`;

/** @throws Error that says what is wrong with the file */
export async function readLogKey(keyFile: string): Promise<LogKey> {
  const pem = await readFile(keyFile, "utf8").catch((error: unknown) => {
    throw new Error(`${keyFile} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  const { publicKey } = signerFrom(pem, "log");
  const others = (await readPublicKeys(publicFileOf(keyFile))).filter((one) => !one.equals(publicKey));
  return { signerFor: (origin) => signerFrom(pem, origin), publicKeys: [...others, publicKey] };
}

/** The public keys of a file of verifier keys; none where there is no such file. @throws Error for a line that is none */
export async function readPublicKeys(file: string): Promise<Buffer[]> {
  const lines = await readFile(file, "utf8").catch(() => "");
  return lines
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => verifierFrom(line).publicKey);
}

/**
 * Makes a key for a log, unless there is one, and the file with its verifier key.
 * @returns what checks it, whether it is new, and whether the file beside it says so: a folder that is mounted may take none
 */
export async function makeLogKey(
  keyFile: string,
  origin: string,
): Promise<{ readonly verifier: Verifier; readonly isNew: boolean; readonly isPublished: boolean }> {
  await mkdir(dirname(keyFile), { recursive: true, mode: 0o700 });
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" });
  const isNew = await writeFile(keyFile, pem, { mode: 0o600, flag: "wx" }).then(
    () => true,
    (error: unknown) => {
      if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
      throw error;
    },
  );
  const signer = signerFrom(await readFile(keyFile, "utf8"), origin);
  const known = await readPublicKeys(publicFileOf(keyFile));
  const isPublished =
    known.some((one) => one.equals(signer.publicKey)) ||
    (await writeFile(publicFileOf(keyFile), `${verifierText(signer)}\n`, { mode: 0o644, flag: "a" }).then(
      () => true,
      () => false,
    ));
  return { verifier: signer, isNew, isPublished };
}
