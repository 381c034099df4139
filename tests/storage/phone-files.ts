// What phones and offices send, through a real store: announced by the names they use, sent to a signed address, and taken over.

import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { test } from "node:test";
import { buffer } from "node:stream/consumers";
import { knownId, type TicketId } from "../../dispatch/contract/ids.ts";
import { takeOver } from "../../dispatch/field/stored-object.ts";
import type { UploadRow } from "../../dispatch/field/uploads.ts";
import { maxBytesOf, mediaTypeOf, withoutParameters } from "../../dispatch/storage/media-types.ts";
import type { ObjectStore } from "../../dispatch/storage/object-store.ts";
import { exifBlock, heic, jpeg, media, png, strokes, webp } from "../support/pictures.ts";
import { upload } from "../support/upload-client.ts";

const latin = (text: string) => Buffer.from(text, "latin1");
const opus = latin(`OggS\0\x02${"\0".repeat(20)}\x01\x13OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0`);
const adts = latin("\xff\xf1\x50\x80\x01\x3f\xfcxx").toString("latin1");
const taken = exifBlock({ at: "2026:11:29 09:41:07", offset: "+01:00", lat: 37.8044, lon: -122.2712 });

const photo = { width: 4032, height: 3024 };
const files: readonly (readonly [
  name: string,
  contentType: string,
  bytes: Buffer,
  size?: { width: number; height: number },
])[] = [
  ["an iPhone's photo", "image/heic", heic({ exif: taken }), photo],
  ["a photo called HEIF", "image/heif", heic({ exif: taken }, "mif1"), photo],
  ["a photo called jpg", "image/jpg", jpeg({ exif: taken }), photo],
  ["a screenshot", "image/png", png({ width: 1179, height: 2556 }), { width: 1179, height: 2556 }],
  ["a messenger's picture", "image/webp", webp({ width: 1600, height: 1200 }), { width: 1600, height: 1200 }],
  ["an iPhone's film", "video/quicktime", media("qt  ", "qt  ")],
  ["an Android's film", "video/mp4", media("mp42", "isom", "mp42")],
  ["an old phone's film", "video/3gpp", media("3gp4", "3gp4")],
  ["an iPhone's voice memo", "audio/x-m4a", media("M4A ", "M4A ", "mp42")],
  ["the same by its registered name", "audio/mp4", media("M4A ", "M4A ", "mp42")],
  ["an Android's voice note", "audio/amr", latin("#!AMR\n\x0c\x91\x17")],
  ["a voice note in 3GP", "audio/3gpp", media("3gp4", "3gp4")],
  ["a messenger's voice note", "audio/ogg; codecs=opus", opus],
  ["a recording in AAC", "audio/aac", latin(adts + adts)],
  ["a note with a charset", "text/plain;charset=utf-8", Buffer.from("Türblatt gängig 📷")],
  ["a scan behind a byte order mark", "application/pdf", latin("\xef\xbb\xbf%PDF-1.4\n1 0 obj\n")],
  ["a scan behind an empty line", "application/pdf", latin("\r\n%PDF-1.7\n1 0 obj\n")],
  ["a signature", "image/svg+xml", strokes()],
];

const bad: readonly (readonly [name: string, contentType: string, bytes: Buffer, said: RegExp])[] = [
  ["a text that says it is a photo", "image/jpeg", latin("ok"), /first bytes/],
  ["a picture without a size", "image/jpeg", latin("\xff\xd8\xff\xe0photo"), /no size/],
  ["a film that is none", "video/quicktime", latin("ok"), /first bytes/],
  ["a note in Latin-1", "text/plain", latin("T\xfcrblatt"), /save it as UTF-8/],
  ["a note in UTF-16", "text/plain", Buffer.from("\ufeffdoor", "utf16le"), /save it as UTF-8/],
  ["a drawing that runs", "image/svg+xml", latin("<svg onload='x()'><path d='M0 0'/></svg>"), /shapes and strokes/],
];

/** @param storeOf asked when a test runs: the store is opened before the first of them */
export function phoneFiles(storeOf: () => ObjectStore): void {
  /** As closeout.request_upload announces it; `says` is what the sender claims of the bytes. */
  async function sent(announced: string, bytes: Buffer, says = bytes): Promise<UploadRow> {
    const contentType = mediaTypeOf(announced) ?? assert.fail(`${announced} is not accepted`);
    const id = randomUUID();
    const row = {
      id,
      ticket_id: knownId<TicketId>(randomUUID()),
      object_key: `evidence/${id}/file`,
      incoming_key: `incoming/${id}`,
      content_type: contentType,
      size_bytes: says.length,
      sha256: createHash("sha256").update(says).digest("hex"),
      part_bytes: null,
    };
    const ticket = await storeOf().presignUpload({
      key: row.incoming_key,
      contentType: withoutParameters(announced),
      sizeBytes: bytes.length,
      maxBytes: maxBytesOf(contentType),
      now: new Date(),
      expiresInSeconds: 300,
    });
    assert.ok((await upload(ticket, bytes)) < 300);
    return row;
  }
  const bytesAt = async (key: string) => {
    const body = await storeOf().read(key);
    return body && (await buffer(body));
  };

  for (const [name, contentType, bytes, size] of files)
    test(`${name} (${contentType}) is taken over`, async () => {
      const row = await sent(contentType, bytes);
      const { mediaType, width, height, exif } = await takeOver(storeOf(), row, "s3://b/k");
      assert.deepEqual(
        [mediaType, width, height],
        [mediaTypeOf(contentType), size?.width ?? null, size?.height ?? null],
      );
      if (bytes.includes(taken)) assert.deepEqual(exif?.place, { lat: 37.8044, lon: -122.2712 });
      assert.deepEqual(await bytesAt(row.object_key), bytes);
      assert.equal(await bytesAt(row.incoming_key), null);
      // A second try, after an answer that was lost.
      assert.equal((await takeOver(storeOf(), row, "s3://b/k")).sha256, row.sha256);
    });

  for (const [name, contentType, bytes, said] of bad)
    test(`${name} is not`, async () => {
      const row = await sent(contentType, bytes);
      await assert.rejects(takeOver(storeOf(), row, "s3://b/k"), { code: "UNSUPPORTED_MEDIA_TYPE", message: said });
      assert.equal(await bytesAt(row.object_key), null);
    });

  for (const contentType of ["image/png", "video/mp4"])
    test(`other bytes than announced are not: ${contentType}`, async () => {
      const make = contentType === "image/png" ? png : () => media("mp42", "isom");
      const other = Buffer.from(make({ comment: "one" }));
      const said = Buffer.from(other);
      said[said.length - 1] = (said.at(-1) ?? 0) ^ 1;
      const row = await sent(contentType, other, said);
      await assert.rejects(takeOver(storeOf(), row, "s3://b/k"), { code: "EVIDENCE_CHECKSUM_MISMATCH" });
      assert.equal(await bytesAt(row.object_key), null);
    });
}
