// Sizes, times and places as cameras write them, and files that claim what is not there.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readPicture, type PictureType } from "../../dispatch/storage/picture.ts";
import { box, exifBlock, ftyp, heic, jpeg, png, webp, type Shot } from "../support/pictures.ts";

const makers: readonly (readonly [PictureType, (shot: Shot) => Buffer])[] = [
  ["image/jpeg", jpeg],
  ["image/png", png],
  ["image/webp", webp],
  ["image/heic", heic],
  ["image/heif", (shot) => heic(shot, "mif1")],
];

describe("a picture's size", () => {
  for (const [type, make] of makers) {
    test(`${type}: is read from its headers`, () => {
      const { width, height } = readPicture(make({ width: 3024, height: 4032 }), type) ?? assert.fail();
      assert.deepEqual([width, height], [3024, 4032]);
    });
    test(`${type}: is none where the file ends before it, and is never read from beyond`, () => {
      const file = make({});
      const found = Array.from(file, (_, length) => readPicture(file.subarray(0, length), type));
      assert.equal(found[20], null);
      for (const picture of found)
        if (picture !== null) assert.deepEqual([picture.width, picture.height], [4032, 3024]);
    });
  }
  // Lossy: frame tag, start code, 14 bits each. Lossless: 0x2f, then 14 bits each less one.
  for (const [what, file] of [
    ["lossy", "RIFF\x1e\0\0\0WEBPVP8 \x12\0\0\0\x10\0\0\x9d\x01\x2a\x80\x02\xe0\x01\0\0"],
    ["lossless", "RIFF\x1e\0\0\0WEBPVP8L\x05\0\0\0\x2f\x7f\xc2\x77\0\0\0"],
  ] as const)
    test(`image/webp, ${what}: 640 by 480`, () => {
      const { width, height } = readPicture(Buffer.from(file, "latin1"), "image/webp") ?? assert.fail();
      assert.deepEqual([width, height], [640, 480]);
    });

  test("is none in what only begins like a picture", () => {
    const none = [
      Buffer.from("\xff\xd8\xff\xe0photo", "latin1"),
      Buffer.concat([Buffer.of(0xff, 0xd8, 0xff, 0xd9), jpeg()]),
      jpeg({ width: 0 }),
      png({ height: 0 }),
      Buffer.concat([png().subarray(0, 20), Buffer.alloc(40)]),
    ];
    for (const file of none)
      for (const [type] of makers) assert.equal(readPicture(file, type), null, file.toString("latin1", 0, 20));
  });

  test("is none beyond the 2^31 - 1 that PNG itself allows, which a database's integer holds", () => {
    const most = 2 ** 31 - 1;
    for (const [type, make] of makers.filter(([name]) => name === "image/png" || name === "image/heic")) {
      assert.deepEqual(readPicture(make({ width: 1, height: most }), type)?.height, most);
      for (const size of [{ width: most + 1 }, { height: most + 1 }, { width: 2 ** 32 - 1, height: 2 ** 32 - 1 }])
        assert.equal(readPicture(make(size), type), null, type);
    }
  });

  test("of a HEIC is that of the picture, not of its tiles", () => {
    assert.equal(readPicture(heic({ width: 1_000, height: 800 }), "image/heic")?.width, 1_000);
  });
});

describe("what the camera says", () => {
  const taken = { at: "2026:11:29 09:41:07", offset: "+01:00", lat: 37.8044, lon: -122.2712 };
  for (const [type, make] of [makers[0], makers[3]].flatMap((one) => (one ? [one] : []))) {
    test(`${type}: time, offset and place`, () => {
      assert.deepEqual(readPicture(make({ exif: exifBlock(taken) }), type)?.exif, {
        takenAt: "2026-11-29T09:41:07",
        offset: "+01:00",
        place: { lat: 37.8044, lon: -122.2712 },
      });
    });
  }
  const said = (block: Buffer) => readPicture(jpeg({ exif: block }), "image/jpeg")?.exif;
  const nothing = { takenAt: null, offset: null, place: null };
  const cases: readonly (readonly [string, Parameters<typeof exifBlock>[0], object])[] = [
    ["no offset", { at: taken.at }, { ...nothing, takenAt: "2026-11-29T09:41:07" }],
    ["a clock that was never set", { at: "0000:00:00 00:00:00" }, nothing],
    ["blanks", { at: "    :  :     :  :  " }, nothing],
    ["a day that is none", { at: "2026:02:31 10:00:00" }, nothing],
    ["an offset that is none", { at: taken.at, offset: "+25:00" }, { ...nothing, takenAt: "2026-11-29T09:41:07" }],
    ["no fix", { lat: 0, lon: 0 }, nothing],
    ["a place beyond the poles", { lat: 91, lon: 8 }, nothing],
    ["the southern hemisphere", { lat: -33.5, lon: 151.25 }, { ...nothing, place: { lat: -33.5, lon: 151.25 } }],
  ];
  for (const [what, given, read] of cases) test(what, () => assert.deepEqual(said(exifBlock(given)), read));

  test("in the other byte order", () => {
    // II, 42; one entry at 8 (a long: the camera's directory at 26); there one text of 20 at 44.
    const block = Buffer.from("II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x1a\0\0\0\0\0\0\0", "latin1");
    const camera = Buffer.from("\x01\0\x03\x90\x02\0\x14\0\0\0\x2c\0\0\0\0\0\0\0", "latin1");
    assert.equal(
      said(Buffer.concat([block, camera, Buffer.from("2026:07:01 23:59:59\0")]))?.takenAt,
      "2026-07-01T23:59:59",
    );
  });

  test("is nothing in a block that is damaged, wherever it is cut or changed, and the picture keeps its size", () => {
    const block = exifBlock(taken);
    fc.assert(
      fc.property(fc.nat(block.length - 1), fc.nat(255), fc.nat(block.length), (at, value, end) => {
        const damaged = Buffer.from(block);
        damaged[at] = value;
        for (const [type, make] of makers)
          assert.equal(readPicture(make({ exif: damaged.subarray(0, end) }), type)?.width, 4032);
      }),
      { numRuns: 500 },
    );
  });
});

describe("a file that claims too much", () => {
  test("is read in bounded steps: directories that point at themselves, counts without bytes", () => {
    const loop = exifBlock({ at: "2026:11:29 09:41:07" });
    loop.writeUInt32BE(8, 18);
    assert.equal(readPicture(jpeg({ exif: loop }), "image/jpeg")?.exif?.takenAt, null);
    // 65,535 items of 65,535 extents of no bytes each.
    const version = Buffer.alloc(4);
    const iloc = box("iloc", version, Buffer.from("\0\0\xff\xff", "latin1"), Buffer.alloc(6 * 65_535, 0xff));
    const iinf = box(
      "iinf",
      version,
      Buffer.of(0, 1),
      box("infe", Buffer.from("\x02\0\0\0\0\x01\0\0Exif\0", "latin1")),
    );
    const iprp = box("iprp", box("ipco", box("ispe", version, Buffer.from("\0\0\0\x09\0\0\0\x09", "latin1"))));
    const file = Buffer.concat([ftyp("heic", "heic"), box("meta", version, iinf, iloc, iprp)]);
    assert.deepEqual(readPicture(file, "image/heic"), { width: 9, height: 9, exif: null });
    // Boxes of no size, and a million segments.
    assert.equal(readPicture(Buffer.concat([ftyp("heic"), Buffer.alloc(1_000_000)]), "image/heic"), null);
    const segments = Buffer.alloc(4_000_000, Buffer.of(0xff, 0xe2, 0, 2));
    assert.equal(readPicture(Buffer.concat([Buffer.of(0xff, 0xd8), segments]), "image/jpeg"), null);
    assert.equal(
      readPicture(Buffer.concat([Buffer.of(0xff, 0xd8), Buffer.alloc(4_000_000, 0xff)]), "image/jpeg"),
      null,
    );
  });

  test("is read whatever its bytes are", () => {
    const starts = makers.map(([, make]) => make({ exif: exifBlock({ at: "2026:11:29 09:41:07", lat: 1, lon: 1 }) }));
    fc.assert(
      fc.property(
        fc.constantFrom(...starts),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { maxLength: 20 }),
        (start, changes) => {
          const file = Buffer.from(start);
          for (const [at, value] of changes) if (at < file.length) file[at] = value;
          for (const [type] of makers) readPicture(file, type);
        },
      ),
      { numRuns: 500 },
    );
  });
});
