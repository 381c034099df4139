// Checkpoints of the log (c2sp.org/tlog-checkpoint): which log, how many leaves, their root; and, as the one line more that form allows,
// the checkpoint's own number and time.

import { noteFrom, signedNote, type Note, type Signer } from "./signed-note.ts";

export type TreeHead = {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  /** From 1, without gaps. */
  readonly number: number;
  /** RFC 3339, in UTC. */
  readonly at: string;
};

/** A checkpoint as a text that ends with a line break, and is signed as it stands. */
export const checkpointText = ({ origin, size, root, number, at }: TreeHead): string =>
  `${origin}\n${size}\n${root.toString("base64")}\ncheckpoint ${number} at ${at}\n`;

export const signedCheckpoint = (head: TreeHead, signer: Signer | null): string =>
  signedNote(checkpointText(head), signer);

export type ReadCheckpoint = TreeHead & { readonly note: Note };

/** @throws Error where it is no checkpoint of ours */
export function checkpointFrom(whole: string): ReadCheckpoint {
  const note = noteFrom(whole);
  const [origin = "", size = "", root = "", own = "", ...rest] = note.text.split("\n");
  const [, number, at] = /^checkpoint ([1-9]\d{0,9}) at (\S+)$/.exec(own) ?? [];
  const hash = Buffer.from(root, "base64");
  const isWhole = origin !== "" && /^(0|[1-9]\d{0,14})$/.test(size) && hash.length === 32 && rest.join("") === "";
  if (!isWhole || number === undefined || at === undefined) throw new Error("it is no checkpoint of a desk's log");
  return { origin, size: Number(size), root: hash, number: Number(number), at, note };
}
