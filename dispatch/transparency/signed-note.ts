// Signed notes (c2sp.org/signed-note): a text, an empty line, and lines of signatures, each by a key that has a name. Ed25519 alone.

import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from "node:crypto";

export type Signature = { readonly name: string; readonly keyId: Buffer; readonly bytes: Buffer };
/** `text` ends with its own line break; `lines` are those of the signatures as they stand. */
export type Note = { readonly text: string; readonly signatures: readonly Signature[] };

/** A key that checks, by the name it signs under. */
export type Verifier = { readonly name: string; readonly publicKey: Buffer };
export type Signer = Verifier & { readonly key: KeyObject };

const ed25519 = Buffer.of(1);
const dash = "\u2014";
/** What stands before the 32 bytes of an Ed25519 key in its DER form. */
const derPrefix = Buffer.from("302a300506032b6570032100", "hex");

/** The four bytes by which a signature says whose it is. */
export const keyIdOf = ({ name, publicKey }: Verifier): Buffer =>
  createHash("sha256").update(`${name}\n`).update(ed25519).update(publicKey).digest().subarray(0, 4);

/** `<name>+<id>+<key>`, as it is given to whoever checks. */
export const verifierText = (verifier: Verifier): string =>
  `${verifier.name}+${keyIdOf(verifier).toString("hex")}+${Buffer.concat([ed25519, verifier.publicKey]).toString("base64")}`;

/** @throws Error where the text is none, its id is another key's, or it is not of Ed25519 */
export function verifierFrom(text: string): Verifier {
  const [, name, id, encoded = ""] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text.trim()) ?? [];
  const bytes = Buffer.from(encoded, "base64");
  if (name === undefined || bytes.length !== 33 || bytes[0] !== 1)
    throw new Error("a verifier key is written <name>+<8 hex digits>+<base64>, and is one of Ed25519");
  const verifier = { name, publicKey: bytes.subarray(1) };
  if (keyIdOf(verifier).toString("hex") !== id)
    throw new Error(`the key does not have the id ${id} under the name ${name}`);
  return verifier;
}

/** @param pem a private key of Ed25519 in PKCS 8, as `openssl genpkey -algorithm ed25519` makes it. @throws Error for another */
export function signerFrom(pem: string, name: string): Signer {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new Error("the key is not one of Ed25519");
  const der = createPublicKey(key).export({ type: "spki", format: "der" });
  return { name, key, publicKey: der.subarray(derPrefix.length) };
}

/** A text, which ends with a line break, with its signature; without a signer the text and no line. */
export function signedNote(text: string, signer: Signer | null): string {
  if (!signer) return `${text}\n`;
  const bytes = Buffer.concat([keyIdOf(signer), sign(null, Buffer.from(text), signer.key)]);
  return `${text}\n${dash} ${signer.name} ${bytes.toString("base64")}\n`;
}

/** Whether somebody signed it; by whom, and whether it holds, is another question. */
export const isSigned = (whole: string): boolean => whole.includes(`\n\n${dash} `);

/** @throws Error where it is no note */
export function noteFrom(whole: string): Note {
  const end = whole.lastIndexOf("\n\n");
  if (end < 0 || !whole.endsWith("\n")) throw new Error("it is no signed note: an empty line must end its text");
  return { text: whole.slice(0, end + 1), signatures: signaturesFrom(whole.slice(end + 2)) };
}

/** Lines of signatures. @throws Error where one is none */
export function signaturesFrom(lines: string): Signature[] {
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, name, encoded = ""] = /^\u2014 ([^+\s]+) ([A-Za-z0-9+/=]+)$/.exec(line) ?? [];
      const bytes = Buffer.from(encoded, "base64");
      if (name === undefined || bytes.length < 5) throw new Error(`it is no line of a signature: ${line.slice(0, 80)}`);
      return { name, keyId: bytes.subarray(0, 4), bytes: bytes.subarray(4) };
    });
}

/** Whether a key signed a note: false where no line is by it, or one that says so is not. */
export function isSignedBy({ text, signatures }: Note, verifier: Verifier): boolean {
  const id = keyIdOf(verifier);
  const own = signatures.filter(({ name, keyId }) => name === verifier.name && keyId.equals(id));
  const key = createPublicKey({ key: Buffer.concat([derPrefix, verifier.publicKey]), format: "der", type: "spki" });
  return own.length > 0 && own.every(({ bytes }) => verify(null, Buffer.from(text), key, bytes));
}
