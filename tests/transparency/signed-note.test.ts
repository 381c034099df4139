// Signed notes and checkpoints, by the example of the form's own text and by changing every part of one.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, test } from "node:test";
import { checkpointFrom, signedCheckpoint } from "../../dispatch/transparency/checkpoint.ts";
import { leafHash } from "../../dispatch/transparency/merkle.ts";
import {
  isSignedBy,
  noteFrom,
  signerFrom,
  verifierFrom,
  verifierText,
} from "../../dispatch/transparency/signed-note.ts";

const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString();
const signer = signerFrom(pem, "desk.example/log");
const head = { origin: signer.name, size: 7, root: leafHash(Buffer.of(7)), number: 3, at: "2026-05-01T08:00:00.000Z" };

describe("a signed checkpoint", () => {
  test("is read as it was written, and holds under its key's text", () => {
    const read = checkpointFrom(signedCheckpoint(head, signer));
    const { note, ...rest } = read;
    assert.deepEqual(rest, head);
    assert.ok(isSignedBy(note, verifierFrom(verifierText(signer))));
  });

  test("without a key is signed by nobody", () => {
    assert.equal(isSignedBy(checkpointFrom(signedCheckpoint(head, null)).note, signer), false);
  });

  test("holds no longer once a character of it is another", () => {
    const whole = signedCheckpoint(head, signer);
    for (const [from, to] of [
      ["desk.example/log\n7", "desk.example/log\n8"],
      ["checkpoint 3", "checkpoint 4"],
      ["08:00", "09:00"],
    ] as const)
      assert.equal(isSignedBy(checkpointFrom(whole.replace(from, to)).note, signer), false, from);
    const other = signerFrom(
      generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      signer.name,
    );
    assert.equal(isSignedBy(checkpointFrom(whole).note, other), false);
    assert.equal(isSignedBy(checkpointFrom(whole).note, { ...signer, name: "another" }), false);
  });

  test("and keys are refused by what is wrong with them", () => {
    const text = verifierText(signer);
    assert.throws(() => verifierFrom(text.replace("desk", "disk")), /does not have the id/);
    assert.throws(() => verifierFrom("desk"), /is written <name>/);
    assert.throws(() => noteFrom("no note"), /empty line/);
    assert.throws(
      () =>
        signerFrom(generateKeyPairSync("ed448").privateKey.export({ type: "pkcs8", format: "pem" }).toString(), "x"),
      /Ed25519/,
    );
  });

  // The key and the note of golang.org/x/mod/sumdb/note, from which the form comes.
  test("of another program holds here", () => {
    const key = verifierFrom("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    const text =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const line =
      "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    assert.equal(isSignedBy(noteFrom(`${text}\n${line}`), key), true);
    assert.equal(isSignedBy(noteFrom(`${text.replace("answer", "question")}\n${line}`), key), false);
  });
});
