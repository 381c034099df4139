// The secrets of the stack in containers, as files that compose mounts. Compose mounts a file with the rights it has, and
// each container reads as a user of its own; so the files are readable and the folder around them is its owner's alone.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * Makes those that are missing; what is there stays.
 * @returns whether any was made
 */
export async function ensureComposeSecrets(folder: string): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  const password = randomBytes(24).toString("hex");
  const [accessKey, secretKey] = [randomBytes(10).toString("hex"), randomBytes(24).toString("hex")];
  // Each line's files belong together: one without the others would lock the desk out of its own data.
  const logKey = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const groups = [
    { "auth-jwt-secret": randomBytes(32).toString("hex") },
    { "log-key": logKey.trimEnd() },
    { "postgres-password": password, "database-url": `postgresql://dispatch:${password}@postgres:5432/dispatch` },
    {
      "object-store-key": accessKey,
      "object-store-secret": secretKey,
      "object-store-identities.json": identities(accessKey, secretKey),
    },
  ];
  const made = await Promise.all(groups.map((group) => makeGroup(folder, group)));
  return made.some(Boolean);
}

async function makeGroup(folder: string, files: Readonly<Record<string, string>>): Promise<boolean> {
  const [first = ""] = Object.keys(files);
  try {
    for (const [name, text] of Object.entries(files))
      await writeFile(join(folder, name), `${text}\n`, { mode: 0o444, flag: name === first ? "wx" : "w" });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

/** How SeaweedFS is told who may do what; with none it would be open to all. */
function identities(accessKey: string, secretKey: string): string {
  return JSON.stringify(
    {
      identities: [
        {
          name: "dispatch",
          credentials: [{ accessKey, secretKey }],
          actions: ["Admin", "Read", "List", "Tagging", "Write"],
        },
      ],
    },
    null,
    2,
  );
}
