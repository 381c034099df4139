// Witnesses behind URLs, spoken to as c2sp.org/tlog-witness says: a checkpoint with a proof that it continues the one they had, for a line
// that says they saw it. Whoever only keeps what is posted finds the checkpoint behind the first empty line.

import type { Session } from "../db/pool.ts";
import type { AuditFault } from "../kernel/chain-faults.ts";
import { namesPrivateAddress } from "../webhooks/private-address.ts";
import { postAndRead, privateAddress } from "../webhooks/post.ts";
import { forkFault } from "./log-fault.ts";
import { proofFor, type StoredCheckpoint } from "./log-rows.ts";
import { consistencyPlan } from "./merkle.ts";
import { signaturesFrom } from "./signed-note.ts";

export type Told =
  | { readonly kind: "seen"; readonly cosignatures: string }
  | { readonly kind: "fork"; readonly fault: AuditFault }
  | { readonly kind: "failed"; readonly why: string };

export type Telling = { readonly mayBePrivate: boolean; readonly timeoutMs: number };

/** Of what a witness answers. */
const longestAnswer = 8_192;

/**
 * Gives a witness a checkpoint.
 * @param had the size of the last one it confirmed; 0: none
 */
export async function tellWitness(
  db: Session,
  url: string,
  checkpoint: StoredCheckpoint,
  had: number,
  telling: Telling,
): Promise<Told> {
  if (!telling.mayBePrivate && namesPrivateAddress(url)) return { kind: "failed", why: `the URL ${privateAddress}` };
  const first = await submit(db, url, checkpoint, had, telling);
  // It has another than we remember, as after an answer that was lost.
  const size = sizeIn(first);
  if (size !== null && size > checkpoint.size) return fork(url, checkpoint, `it knows a log of ${size} leaves`);
  const isOther = size !== null && size !== had;
  const answer = isOther ? await submit(db, url, checkpoint, size, telling) : first;
  const { status, text } = answer;
  if (status >= 200 && status < 300) return { kind: "seen", cosignatures: cosignaturesIn(text) };
  if (status === 422 || (sizeIn(answer) === checkpoint.size && (isOther || had === checkpoint.size)))
    return fork(url, checkpoint, `it finds no way from the one it has (${status})`);
  return { kind: "failed", why: `it answers ${status}` };
}

const fork = (url: string, { number, size }: StoredCheckpoint, what: string): Told => ({
  kind: "fork",
  fault: forkFault(url, number, `${what}, and checkpoint ${number} has ${size} leaves`),
});

async function submit(
  db: Session,
  url: string,
  { log, size, note }: StoredCheckpoint,
  old: number,
  { mayBePrivate, timeoutMs }: Telling,
): Promise<{ readonly status: number; readonly text: string }> {
  const proof = await proofFor(db, log, consistencyPlan(old, size));
  const lines = proof.map((hash) => `${hash.toString("base64")}\n`).join("");
  const headers = { "content-type": "text/plain; charset=utf-8" };
  return await postAndRead(url, `old ${old}\n${lines}\n${note}`, {
    headers,
    mayBePrivate,
    signal: AbortSignal.timeout(timeoutMs),
  });
}

/** What a witness says that it has, where that is why it refuses. */
const sizeIn = ({ status, text }: { readonly status: number; readonly text: string }): number | null =>
  status === 409 && /^\d{1,15}\n?$/.test(text) ? Number(text) : null;

/** The lines of an answer that are signatures; what else it says is not kept. */
function cosignaturesIn(text: string): string {
  const kept = text.slice(0, longestAnswer).split("\n").filter(isSignature);
  return kept.map((line) => `${line}\n`).join("");
}

function isSignature(line: string): boolean {
  try {
    return signaturesFrom(line).length === 1;
  } catch {
    return false;
  }
}
