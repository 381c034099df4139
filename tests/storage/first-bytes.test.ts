// Files of each accepted type as phones and offices make them, and files that pretend.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { faultIn } from "../../dispatch/storage/first-bytes.ts";
import { acceptedMediaTypes, type MediaType } from "../../dispatch/storage/media-types.ts";
import { exifBlock, ftyp, heic, jpeg, media, png, strokes, webp } from "../support/pictures.ts";

const bytes = (text: string) => Buffer.from(text, "latin1");

/** Two frames of 9 bytes: sync, MPEG-4 LC at 44.1 kHz, the length in 13 bits. */
const adts = bytes("\xff\xf1\x50\x80\x01\x3f\xfcxx\xff\xf1\x50\x80\x01\x3f\xfcxx");

/** RFC 3533: capture, version, flags, position, serial, sequence, CRC, one segment; then the codec's own header. */
const ogg = (codec: string) =>
  bytes(`OggS\0\x02${"\0".repeat(20)}\x01${String.fromCharCode(codec.length + 11)}${codec}\x01 the rest`);

const samples: Record<string, Buffer> = {
  "JPEG, JFIF": jpeg(),
  "JPEG, Exif from a phone": jpeg({ exif: exifBlock({ at: "2026:11:29 09:41:07" }) }),
  PNG: png(),
  "PNG mangled by a text-mode transfer": bytes("\x89PNG\n\x1a\n\0\0\0\rIHDR"),
  "WebP, lossy": bytes("RIFF\x24\0\0\0WEBPVP8 \x18\0\0\0"),
  "WebP, lossless": bytes("RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0"),
  "WebP, extended": webp(),
  "WAV sound": bytes("RIFF\x24\x08\0\0WAVEfmt \x10\0\0\0"),
  "HEIC from an iPhone": Buffer.concat([ftyp("heic", "mif1", "MiHB", "MiHE", "MiPr", "miaf", "heic"), heic()]),
  "HEIC led by mif1": heic({}, "mif1"),
  "HEIC, 10 bit": media("heix", "mif1", "heix"),
  "HEIF of another codec": media("mif1", "mif1", "vvic"),
  AVIF: media("avif", "avif", "mif1", "miaf", "MA1A"),
  "AVIF led by mif1": media("mif1", "avif", "miaf"),
  "HEIC by its last word only": media("isox", "heic"),
  "MP4 from Android": media("mp42", "isom", "mp42"),
  "MP4 from ffmpeg": media("isom", "isom", "iso2", "avc1", "mp41"),
  "MP4 from a Sony camera": media("XAVC", "XAVC", "mp42", "iso2"),
  "MP4 from iTunes": media("M4V ", "M4V ", "mp42", "isom"),
  "QuickTime from an iPhone": media("qt  ", "qt  "),
  "QuickTime that also claims mp42": media("qt  ", "qt  ", "mp42"),
  "M4A voice memo": media("M4A ", "M4A ", "mp42", "isom"),
  "3GP voice note": media("3gp4", "3gp4", "isom"),
  "3GP film of release 6": media("3gp6", "3gp6"),
  "AMR voice note": bytes("#!AMR\n\x0c\x91"),
  "AMR, wide band": bytes("#!AMR-WB\n\x04"),
  "AMR by name": bytes("#!AMR is the name"),
  "AAC, two frames": adts,
  "AAC, one frame and noise": Buffer.concat([adts.subarray(0, 9), bytes("noise")]),
  "Opus in Ogg": ogg("OpusHead"),
  "Vorbis in Ogg": ogg("\x01vorbis"),
  "a film in Ogg": ogg("\x80theora"),
  "ftyp box longer than the file": bytes("\xff\xff\xff\xf0ftypisom\0\0\0\0isom"),
  "ftyp box of no size": bytes("\0\0\0\0ftypisom\0\0\0\0isom"),
  PDF: bytes("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"),
  "PDF 2.0": bytes("%PDF-2.0\r\n%\xb5\xb5\xb5\xb5\r\n"),
  "PDF behind a byte order mark": bytes("\xef\xbb\xbf%PDF-1.4\n%\xe2\xe3\xcf\xd3"),
  "PDF behind empty lines": bytes("\r\n\n %PDF-1.4\n%\xe2\xe3\xcf\xd3"),
  "PDF behind other bytes": bytes("\xff\xd8 %PDF-1.7\n"),
  text: Buffer.from("Replaced the closer.\r\n\tTürblatt gängig, 写真 📷\n"),
  "text with a byte order mark": Buffer.from("\ufeffReplaced the closer."),
  "two letters": bytes("ok"),
  "nothing at all": Buffer.alloc(0),
  "an empty line": bytes(" \n"),
  "text in Latin-1": bytes("T\xfcrblatt g\xe4ngig"),
  "text in UTF-16": Buffer.from("\ufeffReplaced", "utf16le"),
  "text in UTF-16 without a mark": Buffer.from("Replaced", "utf16le"),
  "text in big-endian UTF-16": Buffer.from("\ufeffReplaced", "utf16le").swap16(),
  "text with NUL": bytes("Replaced\0the closer"),
  "text with a terminal escape": bytes("\x1b[2JReplaced"),
  "text with DEL": bytes("Replaced\x7f"),
  "text with a C1 control": Buffer.from("Replaced\u009b31m"),
  "text with a surrogate": Buffer.from([0x61, 0xed, 0xa0, 0x80]),
  "text, overlong": Buffer.from([0x61, 0xc0, 0x80]),
  "text whose last letter is cut off": Buffer.from("Türblatt ü").subarray(0, -1),
  "long text with a control at its end": bytes(`${"x".repeat(100_000)}\x07`),
  "ELF program": bytes("\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0"),
  "ZIP archive": bytes("PK\x03\x04\x14\0\0\0\x08\0\xed\x99"),
  GIF: bytes("GIF89a\x01\0\x01\0\x80\0\0"),
  "one byte": bytes("\xff"),
};

const expected: Record<Exclude<MediaType, "image/svg+xml">, string[]> = {
  "image/jpeg": ["JPEG, JFIF", "JPEG, Exif from a phone"],
  "image/png": ["PNG"],
  "image/webp": ["WebP, lossy", "WebP, lossless", "WebP, extended"],
  "image/heic": ["HEIC from an iPhone", "HEIC led by mif1", "HEIC, 10 bit"],
  "image/heif": ["HEIC from an iPhone", "HEIC led by mif1", "HEIC, 10 bit", "HEIF of another codec"],
  "video/mp4": ["MP4 from Android", "MP4 from ffmpeg", "MP4 from a Sony camera", "MP4 from iTunes", "3GP voice note"],
  "video/quicktime": ["QuickTime from an iPhone", "QuickTime that also claims mp42"],
  "video/3gpp": ["3GP voice note", "3GP film of release 6"],
  "audio/3gpp": ["3GP voice note", "3GP film of release 6"],
  "audio/mp4": [
    "MP4 from Android",
    "MP4 from ffmpeg",
    "MP4 from a Sony camera",
    "MP4 from iTunes",
    "M4A voice memo",
    "3GP voice note",
  ],
  "audio/amr": ["AMR voice note", "AMR, wide band"],
  "audio/aac": ["AAC, two frames"],
  "audio/ogg": ["Opus in Ogg", "Vorbis in Ogg"],
  "application/pdf": ["PDF", "PDF 2.0", "PDF behind a byte order mark", "PDF behind empty lines"],
  "text/plain": ["PDF 2.0 in letters", "text", "text with a byte order mark", "two letters", "AMR by name"],
};
samples["PDF 2.0 in letters"] = bytes("%PDF-2.0 is what they asked for");
expected["application/pdf"].push("PDF 2.0 in letters");

describe("a file", () => {
  for (const [type, names] of Object.entries(expected))
    test(`is ${type} where it is one of: ${names.join("; ")}`, () => {
      const known = acceptedMediaTypes.find((one) => one === type) ?? assert.fail();
      const passing = Object.entries(samples).flatMap(([name, sample]) =>
        faultIn(sample, known) === null ? [name] : [],
      );
      assert.deepEqual(passing.sort(), names.toSorted());
    });

  test("cut short at any byte is judged, not crashed on", () => {
    for (const sample of Object.values(samples))
      for (let length = 0; length <= Math.min(sample.length, 400); length++)
        for (const type of acceptedMediaTypes) faultIn(sample.subarray(0, length), type);
  });

  test("is read only where the view shows it", () => {
    assert.equal(faultIn(new Uint8Array(Buffer.concat([bytes("xx"), png()])).subarray(2), "image/png"), null);
  });

  for (const [name, said] of [
    ["text in UTF-16", /UTF-16; save it as UTF-8/],
    ["text in UTF-16 without a mark", /UTF-16; save it as UTF-8/],
    ["text in big-endian UTF-16", /UTF-16; save it as UTF-8/],
    ["text in Latin-1", /Latin-1.*; save it as UTF-8/],
    ["text with NUL", /control characters/],
    ["an empty line", /says nothing/],
  ] as const)
    test(`that is ${name} is told what to do`, () => {
      assert.match(faultIn(samples[name] ?? assert.fail(), "text/plain") ?? "", said);
    });
});

describe("a drawing", () => {
  const inside = (text: string) =>
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0L9 9"/>${text}</svg>`);
  const publicType =
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">';
  const harmless: Record<string, Buffer> = {
    "of a signature pad": strokes("signed"),
    "with a mark before it": Buffer.concat([Buffer.from("\ufeff"), strokes()]),
    "with the public document type": Buffer.from(
      `<?xml version="1.0"?>${publicType}<svg><rect width='3' height='4' /></svg>`,
    ),
    "with a comment and a description": inside("<!-- by hand --><desc>signed &amp; agreed</desc>"),
    "in groups": inside('<g transform="translate(1,2)"><g><line x1="0" y1="0" x2="3" y2="3" stroke="#00f"/></g></g>'),
  };
  for (const [what, drawing] of Object.entries(harmless))
    test(`${what} is a signature`, () => assert.equal(faultIn(drawing, "image/svg+xml"), null));

  const refused: Record<string, Buffer> = {
    "with a script": inside("<script>alert(1)</script>"),
    "that runs when it is loaded": Buffer.from('<svg onload="alert(1)"><path d="M0 0"/></svg>'),
    "with a handler on a shape": inside('<path d="M0 0" onclick="alert(1)"/>'),
    "with a handler in capitals": inside('<path d="M0 0" ONCLICK="alert(1)"/>'),
    "with a foreign object": inside("<foreignObject><p>hello</p></foreignObject>"),
    "with an image": inside('<image href="https://example.org/x.png"/>'),
    "with a link": inside('<a href="javascript:alert(1)"><path d="M0 0"/></a>'),
    "that uses another": inside('<use xlink:href="https://example.org/x.svg#a"/>'),
    "with a style": inside("<style>@import url(https://example.org/x.css)</style>"),
    "painted from elsewhere": inside('<path d="M0 0" fill="url(https://example.org/x.svg#a)"/>'),
    "with an entity": Buffer.from('<!DOCTYPE svg [<!ENTITY a "b">]><svg><path d="M0 0"/><desc>&a;</desc></svg>'),
    "with a numbered character in a name": inside('<path d="M0 0" fill="&#117;rl(x)"/>'),
    "that is animated": inside('<set attributeName="href" to="x"/>'),
    "with an instruction": Buffer.from(
      '<?xml version="1.0"?><?xml-stylesheet href="x.css"?><svg><path d="M0 0"/></svg>',
    ),
    "with a section of text": inside("<![CDATA[<script>]]>"),
    "that is a page": Buffer.from("<html><svg><path d='M0 0'/></svg></html>"),
    "that does not end": Buffer.from("<svg><path d='M0 0'/>"),
    "closed crosswise": inside("<g><desc></g></desc>"),
    "of nothing": Buffer.from("<svg></svg>"),
    "and then another": Buffer.concat([strokes(), strokes()]),
    "in UTF-16": Buffer.from(strokes().toString(), "utf16le"),
    "of dots that never end": Buffer.from(`<svg ${" ".repeat(500_000)}`),
  };
  for (const [what, drawing] of Object.entries(refused))
    test(`${what} is none`, () => assert.match(faultIn(drawing, "image/svg+xml") ?? "", /shapes and strokes alone/));
});
