// The demo's evidence as real files, drawn or written when asked for: photos and a signature as PNG, a note as text.

import { crc32, deflateSync } from "node:zlib";

export type EvidenceFile = {
  readonly key: string;
  readonly kind: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
};

type Colour = readonly [number, number, number];
type Painter = (x: number, y: number) => Colour;

const width = 320;
const height = 240;
const wall: Colour = [214, 208, 196];
const glass: Colour = [150, 190, 210];
const frame: Colour = [70, 74, 82];
const board: Colour = [196, 154, 96];
const ink: Colour = [20, 30, 90];
const paper: Colour = [250, 250, 245];

/** A shop door: wall, frame and pane; `pane` decides what the opening shows. */
const door =
  (pane: Painter): Painter =>
  (x, y) => {
    const inFrame = x > 90 && x < 230 && y > 20;
    const inPane = x > 102 && x < 218 && y > 32 && y < 228;
    return inPane ? pane(x, y) : inFrame ? frame : wall;
  };
const crackedGlass = door((x, y) =>
  Math.abs(x - 160 - (y - 120) * 0.6) < 2 || Math.abs(y - 120 + (x - 160) * 0.4) < 2 ? wall : glass,
);
const boardedUp = door((_x, y) => (y % 40 < 3 ? frame : board));
const signature: Painter = (x, y) =>
  x > 40 && x < 280 && Math.abs(y - 120 - 40 * Math.sin(x / 17) * Math.cos(x / 53)) < 2 ? ink : paper;

/**
 * The four pieces that a door which could not be secured needs before the work may be completed.
 * @param ticketId written into each, so that no other ticket has the same file
 */
export const evidenceFiles = (ticketId: string): EvidenceFile[] => [
  { key: "photo_before_security_risk", kind: "PHOTO", contentType: "image/png", bytes: png(crackedGlass, ticketId) },
  {
    key: "photo_after_temporary_or_permanent_securement",
    kind: "PHOTO",
    contentType: "image/png",
    bytes: png(boardedUp, ticketId),
  },
  {
    key: "note_risk_mitigation_and_customer_handoff",
    kind: "NOTE",
    contentType: "text/plain",
    bytes: Buffer.from(
      `Pane boarded up and braced from inside. Lock tested five times. Keys handed to the front desk. Work of ${ticketId}.\n`,
    ),
  },
  {
    key: "signature_or_no_signature_reason",
    kind: "SIGNATURE",
    contentType: "image/png",
    bytes: png(signature, ticketId),
  },
];

/** Encodes a painting as PNG, 8-bit RGB (PNG specification, third edition, sections 5 and 11). */
function png(paint: Painter, comment: string): Uint8Array {
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows.set(paint(x, y), y * (1 + width * 3) + 1 + x * 3);
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const magic = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    magic,
    chunk("IHDR", header),
    chunk("tEXt", Buffer.from(`Comment\0${comment}`, "latin1")),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frameBytes = Buffer.alloc(8);
  frameBytes.writeUInt32BE(data.length, 0);
  frameBytes.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frameBytes.subarray(0, 4), body, frameBytes.subarray(4)]);
}
