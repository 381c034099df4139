// Signs what is sent to a webhook, after the Standard Webhooks specification (https://www.standardwebhooks.com): HMAC-SHA256
// over id, time and body, by a secret that the receiver was given once.

import { createHmac, randomBytes } from "node:crypto";

const prefix = "whsec_";
/** The specification asks for 24 to 64. */
const secretBytes = 32;

/** A new secret, in the form receivers' libraries take. */
export const newSecret = (): string => prefix + randomBytes(secretBytes).toString("base64");

export type Signed = { readonly id: string; readonly timestamp: number; readonly body: string };

/**
 * The header `webhook-signature`: one signature per secret, of which the receiver needs to find one true.
 * @param signed.timestamp whole seconds since 1970, as in the header `webhook-timestamp`
 */
export const signatureHeader = (secrets: readonly string[], { id, timestamp, body }: Signed): string =>
  secrets
    .map((secret) =>
      createHmac("sha256", Buffer.from(secret.slice(prefix.length), "base64"))
        .update(`${id}.${timestamp}.${body}`)
        .digest("base64"),
    )
    .map((signature) => `v1,${signature}`)
    .join(" ");

/** The header `X-Dispatch-Signature` of endpoints added through the API: over `timestamp.body`, by the secret's own characters. */
export const apiSignatureHeader = (secrets: readonly string[], { timestamp, body }: Omit<Signed, "id">): string =>
  secrets.map((secret) => `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`).join(",");
