// The tree against the definition of RFC 6962 written down word by word, and against vectors made elsewhere.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import {
  consistencyPlan,
  emptyRoot,
  frontierOf,
  grown,
  inclusionPlan,
  leafHash,
  proofBy,
  provesConsistency,
  provesInclusion,
  rootOf,
  type Place,
} from "../../dispatch/transparency/merkle.ts";

const sha256 = (...parts: Buffer[]) => createHash("sha256").update(Buffer.concat(parts)).digest();
const split = (n: number): number => {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
};

/** MTH, PATH and PROOF as section 2.1 defines them, over leaves as data. */
function naiveRoot(data: readonly Buffer[]): Buffer {
  if (data.length === 0) return sha256();
  if (data.length === 1) return sha256(Buffer.of(0), data[0] ?? assert.fail());
  const k = split(data.length);
  return sha256(Buffer.of(1), naiveRoot(data.slice(0, k)), naiveRoot(data.slice(k)));
}
function naivePath(m: number, data: readonly Buffer[]): Buffer[] {
  if (data.length === 1) return [];
  const k = split(data.length);
  return m < k
    ? [...naivePath(m, data.slice(0, k)), naiveRoot(data.slice(k))]
    : [...naivePath(m - k, data.slice(k)), naiveRoot(data.slice(0, k))];
}
function naiveProof(m: number, data: readonly Buffer[], isWhole = true): Buffer[] {
  if (m === data.length) return isWhole ? [] : [naiveRoot(data)];
  const k = split(data.length);
  return m <= k
    ? [...naiveProof(m, data.slice(0, k), isWhole), naiveRoot(data.slice(k))]
    : [...naiveProof(m - k, data.slice(k), false), naiveRoot(data.slice(0, k))];
}

/** A tree that was grown in steps, with a look-up of its subtrees. */
function treeOf(data: readonly Buffer[], step: number) {
  const known = new Map<string, Buffer>();
  let edge: { size: number; frontier: readonly Buffer[] } = { size: 0, frontier: [] };
  for (let at = 0; at < data.length; at += step) {
    const leaves = data.slice(at, at + step).map(leafHash);
    leaves.forEach((hash, n) => known.set(`0/${at + n}`, hash));
    const { nodes, ...next } = grown(edge, leaves);
    for (const { level, index, hash } of nodes) known.set(`${level}/${index}`, hash);
    edge = next;
  }
  return { edge, hashOf: ({ level, index }: Place) => known.get(`${level}/${index}`) };
}

// Those of certificate-transparency's own tests: eight leaves, the root after each.
const vectors = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map((hex) => Buffer.from(hex, "hex"));
const roots = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

describe("the tree", () => {
  test("has the roots that others computed", () => {
    assert.equal(emptyRoot.toString("hex"), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    roots.forEach((root, n) => {
      assert.equal(rootOf(treeOf(vectors.slice(0, n + 1), 3).edge.frontier).toString("hex"), root);
    });
  });

  test("is the definition's at every size, however it grew, with every proof of it", () => {
    const all = Array.from({ length: 70 }, () => randomBytes(1 + Math.floor(Math.random() * 40)));
    const sizes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 70];
    for (const size of sizes) {
      const data = all.slice(0, size);
      const { edge, hashOf } = treeOf(data, 1 + (size % 5));
      assert.equal(edge.frontier.length, frontierOf(size).length);
      const root = rootOf(edge.frontier);
      assert.deepEqual(root, naiveRoot(data));
      for (let index = 0; index < size; index++) {
        const proof = proofBy(inclusionPlan(index, size), hashOf);
        assert.deepEqual(proof, naivePath(index, data));
        const leaf = leafHash(data[index] ?? assert.fail());
        assert.ok(provesInclusion({ leaf, index, size, root }, proof));
        assert.ok(!provesInclusion({ leaf: leafHash(Buffer.from("other")), index, size, root }, proof));
        if (size > 1)
          assert.ok(!provesInclusion({ leaf, index: (index + 1) % size, size, root }, proof), `${index} of ${size}`);
      }
      for (let first = 1; first <= size; first++) {
        const proof = proofBy(consistencyPlan(first, size), hashOf);
        assert.deepEqual(proof, naiveProof(first, data));
        const before = { size: first, root: naiveRoot(data.slice(0, first)) };
        assert.ok(provesConsistency(before, { size, root }, proof), `${first} to ${size}`);
        const forked = { size: first, root: naiveRoot([...data.slice(0, first - 1), Buffer.from("other")]) };
        assert.ok(!provesConsistency(forked, { size, root }, proof), `${first} to ${size}, forked`);
      }
    }
  });

  test("accepts no proof that is longer, shorter or of another order", () => {
    const data = Array.from({ length: 21 }, (_, n) => Buffer.of(n));
    const { edge, hashOf } = treeOf(data, 4);
    const [root, leaf] = [rootOf(edge.frontier), leafHash(Buffer.of(11))];
    const proof = proofBy(inclusionPlan(11, 21), hashOf);
    const claim = { leaf, index: 11, size: 21, root };
    const continued = proofBy(consistencyPlan(13, 21), hashOf);
    const [before, after] = [
      { size: 13, root: naiveRoot(data.slice(0, 13)) },
      { size: 21, root },
    ];
    for (const change of [
      (p: Buffer[]) => p.slice(1),
      (p: Buffer[]) => p.slice(0, -1),
      (p: Buffer[]) => [...p, emptyRoot],
      (p: Buffer[]) => p.toReversed(),
    ]) {
      assert.ok(!provesInclusion(claim, change(proof)));
      assert.ok(!provesConsistency(before, after, change(continued)));
    }
  });
});
