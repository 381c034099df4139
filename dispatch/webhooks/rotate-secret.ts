// A new secret for an endpoint: the operator's alone to make, so what API and workers run does not load it.

import type { Session } from "../db/pool.ts";
import { statement } from "../db/statement.ts";
import { newSecret } from "./signature.ts";

const updateSecret = statement<{ id: string }>(
  "webhook_rotate",
  `UPDATE webhook_endpoints SET old_secret = secret, old_secret_until = $3, secret = $2 WHERE id = $1 RETURNING id`,
);

/**
 * Gives an endpoint a new secret; the one before signs as well until `oldUntil`.
 * @returns the new one; null when there is no such endpoint
 */
export async function rotateSecret(db: Session, id: string, oldUntil: Date): Promise<string | null> {
  const secret = newSecret();
  return (await db.row(updateSecret, [id, secret, oldUntil.toISOString()])) && secret;
}
