// Which types count as evidence, by which names, and how large each may be.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  acceptedMediaTypes,
  evidenceMaxBytes,
  fileExtension,
  isAcceptedMediaType,
  maxBytesOf,
  mediaTypeOf,
  type MediaType,
} from "../../dispatch/storage/media-types.ts";

const mebibyte = 1_048_576;

test("each type has the extension people expect, and its own limit", () => {
  const table = acceptedMediaTypes.map((type) => `${type} ${fileExtension(type)} ${maxBytesOf(type) / mebibyte}`);
  assert.deepEqual(table, [
    "image/jpeg jpg 25",
    "image/png png 25",
    "image/webp webp 25",
    "image/heic heic 25",
    "image/heif heif 25",
    "image/svg+xml svg 1",
    "application/pdf pdf 25",
    "text/plain txt 1",
    "audio/mp4 m4a 25",
    "audio/aac aac 25",
    "audio/amr amr 25",
    "audio/ogg ogg 25",
    "audio/3gpp 3ga 25",
    "video/mp4 mp4 200",
    "video/quicktime mov 200",
    "video/3gpp 3gp 200",
  ]);
  assert.equal(evidenceMaxBytes, 200 * mebibyte);
});

const names: readonly (readonly [MediaType, readonly string[]])[] = [
  ["image/jpeg", ["image/jpg", "image/pjpeg", "IMAGE/JPEG", "image/jpeg; q=1", " image/jpeg "]],
  ["text/plain", ["text/plain;charset=utf-8", 'text/plain; charset="UTF-16"', "Text/Plain ;x"]],
  ["audio/mp4", ["audio/x-m4a", "audio/m4a", 'audio/mp4; codecs="mp4a.40.2"']],
  ["audio/ogg", ["audio/ogg; codecs=opus", "audio/opus"]],
  ["audio/amr", ["audio/amr-wb"]],
  ["audio/aac", ["audio/aacp", "audio/x-aac"]],
  ["video/3gpp", ["video/3gp"]],
  ["audio/3gpp", ["audio/3gp"]],
];
for (const [type, others] of names)
  test(`${type} by other names: ${others.join(", ")}`, () => {
    assert.deepEqual(
      others.map(mediaTypeOf),
      others.map(() => type),
    );
    assert.deepEqual(others.filter(isAcceptedMediaType), []);
  });

test("nothing else is a type, however close", () => {
  const others = [
    "",
    ";",
    "image/avif",
    "image/gif",
    "text/html",
    "text/html; image/jpeg",
    "video/x-msvideo",
    "toString",
    "__proto__",
  ];
  assert.deepEqual(
    others.map(mediaTypeOf),
    others.map(() => null),
  );
});
