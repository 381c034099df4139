// The first bytes of real files of each accepted type, and files that pretend.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  acceptedMediaTypes,
  evidenceMaxBytes,
  fileExtension,
  headBytes,
  isAcceptedMediaType,
  matchesMediaType,
  mediaTypeOf,
  type MediaType,
} from "../../dispatch/storage/media-types.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

/** An ISO base media `ftyp` box and the start of the next one. */
function ftyp(major: string, ...compatible: string[]): Buffer {
  const box = bytes(`....ftyp${major}\0\0\0\0${compatible.join("")}`);
  box.writeUInt32BE(box.length, 0);
  return Buffer.concat([box, bytes("\0\0\0\x08free\0\0\0\x08mdat")]);
}

const samples: Record<string, Buffer> = {
  "JPEG, JFIF": bytes("\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0"),
  "JPEG, Exif from a phone": bytes("\xff\xd8\xff\xe1\x1e\x94Exif\0\0MM\0*"),
  PNG: bytes("\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06"),
  "PNG mangled by a text-mode transfer": bytes("\x89PNG\n\x1a\n\0\0\0\rIHDR"),
  "WebP, lossy": bytes("RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0"),
  "WebP, lossless": bytes("RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0"),
  "WebP, extended": bytes("RIFF\x0a\x0a\x0a\x0aWEBPVP8X\x0a\0\0\0"),
  "WAV sound": bytes("RIFF\x24\x08\0\0WAVEfmt \x10\0\0\0"),
  "HEIC from an iPhone": ftyp("heic", "mif1", "MiHB", "MiHE", "MiPr", "miaf", "heic"),
  "HEIC led by mif1": ftyp("mif1", "mif1", "heic"),
  "HEIC, 10 bit": ftyp("heix", "mif1", "heix"),
  AVIF: ftyp("avif", "avif", "mif1", "miaf", "MA1A"),
  "AVIF led by mif1": ftyp("mif1", "avif", "miaf"),
  "HEIC by its last word only": ftyp("isox", "heic"),
  "MP4 from Android": ftyp("mp42", "isom", "mp42"),
  "MP4 from ffmpeg": ftyp("isom", "isom", "iso2", "avc1", "mp41"),
  "MP4 from a Sony camera": ftyp("XAVC", "XAVC", "mp42", "iso2"),
  "MP4 from iTunes": ftyp("M4V ", "M4V ", "mp42", "isom"),
  "QuickTime from an iPhone": ftyp("qt  ", "qt  "),
  "QuickTime that also claims mp42": ftyp("qt  ", "qt  ", "mp42"),
  "M4A sound": ftyp("M4A ", "M4A ", "mp42", "isom"),
  "ftyp box longer than the file": Buffer.concat([bytes("\xff\xff\xff\xf0ftypisom\0\0\0\0isom")]),
  "ftyp box of no size": bytes("\0\0\0\0ftypisom\0\0\0\0isom"),
  PDF: bytes("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"),
  "PDF 2.0": bytes("%PDF-2.0\r\n%\xb5\xb5\xb5\xb5\r\n"),
  "PDF behind other bytes": bytes("\xff\xd8 %PDF-1.7\n"),
  text: Buffer.from("Replaced the closer.\r\n\tTürblatt gängig, 写真 📷\n"),
  "text with a byte order mark": Buffer.from("\ufeffReplaced the closer."),
  "text in Latin-1": bytes("T\xfcrblatt g\xe4ngig"),
  "text in UTF-16": Buffer.from("\ufeffReplaced", "utf16le"),
  "text with NUL": bytes("Replaced\0the closer"),
  "text with a terminal escape": bytes("\x1b[2JReplaced"),
  "text with DEL": bytes("Replaced\x7f"),
  "text with a C1 control": Buffer.from("Replaced\u009b31m"),
  "text with a surrogate": Buffer.from([0x61, 0xed, 0xa0, 0x80]),
  "text, overlong": Buffer.from([0x61, 0xc0, 0x80]),
  "ELF program": bytes("\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
  "ZIP archive": bytes("PK\x03\x04\x14\0\0\0\x08\0\xed\x99"),
  GIF: bytes("GIF89a\x01\0\x01\0\x80\0\0"),
  "one byte": bytes("\xff"),
};

const expected: Record<MediaType, string[]> = {
  "image/jpeg": ["JPEG, JFIF", "JPEG, Exif from a phone"],
  "image/png": ["PNG"],
  "image/webp": ["WebP, lossy", "WebP, lossless", "WebP, extended"],
  "image/heic": ["HEIC from an iPhone", "HEIC led by mif1", "HEIC, 10 bit"],
  "video/mp4": ["MP4 from Android", "MP4 from ffmpeg", "MP4 from a Sony camera", "MP4 from iTunes"],
  "video/quicktime": ["QuickTime from an iPhone", "QuickTime that also claims mp42"],
  "application/pdf": ["PDF", "PDF 2.0"],
  "text/plain": ["text", "text with a byte order mark"],
};

describe("first bytes", () => {
  for (const type of acceptedMediaTypes)
    test(`${type}: exactly ${expected[type].join("; ")}`, () => {
      const passing = Object.keys(samples).filter((name) => matchesMediaType(samples[name] ?? Buffer.alloc(0), type));
      assert.deepEqual(passing, expected[type]);
    });

  test("an empty object is plain text and nothing else", () => {
    const passing = acceptedMediaTypes.filter((type) => matchesMediaType(new Uint8Array(0), type));
    assert.deepEqual(passing, ["text/plain"]);
  });

  test("every sample cut short at any byte is judged, not crashed on", () => {
    for (const sample of Object.values(samples))
      for (let length = 0; length <= sample.length; length++)
        for (const type of acceptedMediaTypes) matchesMediaType(sample.subarray(0, length), type);
  });

  test("reads only the part of a buffer that the view shows", () => {
    const png = samples["PNG"] ?? Buffer.alloc(0);
    assert.ok(matchesMediaType(new Uint8Array(Buffer.concat([bytes("xx"), png])).subarray(2), "image/png"));
  });
});

describe("text at the end of the head", () => {
  const camera = Buffer.from("📷");
  for (const [kept, what] of [
    [1, "one byte"],
    [2, "two bytes"],
    [3, "three bytes"],
  ] as const)
    test(`a character of which the head holds ${what} is fine in a longer object, broken in a short one`, () => {
      const filler = Buffer.alloc(headBytes - kept, "x");
      assert.ok(matchesMediaType(Buffer.concat([filler, camera.subarray(0, kept)]), "text/plain"));
      assert.ok(!matchesMediaType(Buffer.concat([filler.subarray(1), camera.subarray(0, kept)]), "text/plain"));
    });

  test("a byte that no character begins with is not excused", () => {
    assert.ok(!matchesMediaType(Buffer.concat([Buffer.alloc(headBytes - 1, "x"), Buffer.of(0xff)]), "text/plain"));
  });
});

describe("accepted types", () => {
  test("each has the extension people expect", () => {
    const extensions = acceptedMediaTypes.map((type) => `${type} ${fileExtension(type)}`);
    assert.deepEqual(extensions, [
      "image/jpeg jpg",
      "image/png png",
      "image/webp webp",
      "image/heic heic",
      "application/pdf pdf",
      "text/plain txt",
      "video/mp4 mp4",
      "video/quicktime mov",
    ]);
  });

  test("nothing else is accepted, however close", () => {
    const spellings = ["", "image/jpg", "IMAGE/JPEG", "image/jpeg; q=1", " image/png", "toString", "__proto__"];
    const refused = [...spellings, "image/svg+xml", "image/avif", "text/html", "video/x-msvideo"];
    assert.deepEqual(refused.filter(isAcceptedMediaType), []);
  });

  test("what phones and browsers say in place of image/jpeg is that, and no other name is anything", () => {
    assert.deepEqual(["image/jpg", "image/pjpeg", "image/jpeg"].map(mediaTypeOf), Array(3).fill("image/jpeg"));
    for (const name of ["", "IMAGE/JPEG", "image/jpeg; q=1", "toString", "__proto__", "text/html"])
      assert.equal(mediaTypeOf(name), null);
  });

  test("the largest evidence is 25 MiB", () => assert.equal(evidenceMaxBytes, 26_214_400));
});
