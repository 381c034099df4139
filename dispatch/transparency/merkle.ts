// The Merkle tree of RFC 6962, section 2.1: hashes, growing by leaves, and proofs that a leaf is in it and that a larger tree continues
// a smaller one. Pure: where hashes are kept it does not know.

import { createHash } from "node:crypto";

/** A full subtree: 2 ** level leaves, of which the first is leaf index * 2 ** level. */
export type Place = { readonly level: number; readonly index: number };
export type Node = Place & { readonly hash: Buffer };

/** Leaves from..to, without `to`; such a range of a proof begins where a full subtree of its size would. */
type Range = { readonly from: number; readonly to: number };

const sha256 = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};
const [leafPrefix, nodePrefix] = [Buffer.of(0), Buffer.of(1)];

export const leafHash = (data: Uint8Array): Buffer => sha256(leafPrefix, data);
export const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer => sha256(nodePrefix, left, right);
/** The root of the tree without leaves. */
export const emptyRoot = sha256();

/** The full subtrees that make up a range, from left to right. */
function cover({ from, to }: Range): Place[] {
  const places: Place[] = [];
  for (let at = from; at < to;) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= to) level++;
    places.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return places;
}

/** The full subtrees of a whole tree, the largest first. */
export const frontierOf = (size: number): Place[] => cover({ from: 0, to: size });

/** The hash of a range by those of its full subtrees. */
const folded = (hashes: readonly Buffer[]): Buffer =>
  hashes.length === 0 ? emptyRoot : hashes.reduceRight((right, left) => nodeHash(left, right));

/** @param frontier the hashes of `frontierOf` the tree's size */
export const rootOf = (frontier: readonly Buffer[]): Buffer => folded(frontier);

/** A tree as whoever adds to it needs it. */
export type Edge = { readonly size: number; readonly frontier: readonly Buffer[] };

/** @returns the tree with these leaves behind it, and the full subtrees above them that there were not before */
export function grown({ size, frontier }: Edge, leaves: readonly Buffer[]): Edge & { readonly nodes: readonly Node[] } {
  const edge = [...frontier];
  const nodes: Node[] = [];
  let at = size;
  for (const leaf of leaves) {
    let hash = leaf;
    let [level, index] = [0, at];
    for (; index % 2 === 1; index = (index - 1) / 2) {
      const left = edge.pop();
      if (!left) throw new Error(`a tree of ${size} leaves has ${frontierOf(size).length} full subtrees`);
      hash = nodeHash(left, hash);
      level++;
      nodes.push({ level, index: (index - 1) / 2, hash });
    }
    edge.push(hash);
    at++;
  }
  return { size: at, frontier: edge, nodes };
}

/** The largest power of two below a number of two or more. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

function pathRanges(leaf: number, { from, to }: Range): Range[] {
  if (to - from <= 1) return [];
  const middle = from + splitOf(to - from);
  return leaf < middle
    ? [...pathRanges(leaf, { from, to: middle }), { from: middle, to }]
    : [...pathRanges(leaf, { from: middle, to }), { from, to: middle }];
}

function continuationRanges(first: number, { from, to }: Range, isKnown: boolean): Range[] {
  if (first === to - from) return isKnown ? [] : [{ from, to }];
  const split = splitOf(to - from);
  const middle = from + split;
  return first <= split
    ? [...continuationRanges(first, { from, to: middle }, isKnown), { from: middle, to }]
    : [...continuationRanges(first - split, { from: middle, to }, false), { from, to: middle }];
}

/** A proof before its hashes were looked up: of each hash the full subtrees it is made of. */
export type ProofPlan = readonly (readonly Place[])[];

/** @throws RangeError where the tree has no such leaf */
export function inclusionPlan(leaf: number, size: number): ProofPlan {
  if (!(leaf >= 0 && leaf < size)) throw new RangeError(`a tree of ${size} leaves has no leaf ${leaf}`);
  return pathRanges(leaf, { from: 0, to: size }).map(cover);
}

/** That a tree of `size` leaves begins with the one of `first`. @throws RangeError where it is the smaller one */
export function consistencyPlan(first: number, size: number): ProofPlan {
  if (first > size || first < 0) throw new RangeError(`a tree of ${size} leaves cannot begin with one of ${first}`);
  return first === 0 || first === size ? [] : continuationRanges(first, { from: 0, to: size }, true).map(cover);
}

/** The hashes of a proof. @throws Error where one of its subtrees is not known */
export function proofBy(plan: ProofPlan, hashOf: (place: Place) => Buffer | undefined): Buffer[] {
  return plan.map((places) =>
    folded(
      places.map((place) => {
        const hash = hashOf(place);
        if (!hash) throw new Error(`the log lacks node ${place.level}/${place.index}`);
        return hash;
      }),
    ),
  );
}

/** Whether a proof leads from a leaf to a root (RFC 9162, section 2.1.3.2). */
export function provesInclusion(
  {
    leaf,
    index,
    size,
    root,
  }: { readonly leaf: Buffer; readonly index: number; readonly size: number; readonly root: Buffer },
  proof: readonly Buffer[],
): boolean {
  if (!(index >= 0 && index < size)) return false;
  let [at, last, hash] = [index, size - 1, leaf];
  for (const other of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(other, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else hash = nodeHash(hash, other);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && hash.equals(root);
}

type Tree = { readonly size: number; readonly root: Buffer };

/** Whether a proof shows that one tree continues the other (RFC 9162, section 2.1.4.2). */
export function provesConsistency(first: Tree, second: Tree, proof: readonly Buffer[]): boolean {
  if (first.size > second.size) return false;
  if (first.size === second.size) return proof.length === 0 && first.root.equals(second.root);
  if (first.size === 0) return proof.length === 0 && first.root.equals(emptyRoot);
  const isFull = 2 ** Math.floor(Math.log2(first.size)) === first.size;
  const [begin, ...rest] = isFull ? [first.root, ...proof] : proof;
  if (!begin || proof.length === 0) return false;
  let [at, last] = [first.size - 1, second.size - 1];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let [old, now] = [begin, begin];
  for (const other of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      [old, now] = [nodeHash(other, old), nodeHash(other, now)];
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else now = nodeHash(now, other);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && old.equals(first.root) && now.equals(second.root);
}

const half = (number: number): number => Math.floor(number / 2);
