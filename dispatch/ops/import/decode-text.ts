// Bytes of a text file as text, in the encodings that exports have.

export type DecodedText = { readonly text: string; readonly encoding: string };

const marks: readonly (readonly [bytes: readonly number[], label: string, name: string])[] = [
  [[0xef, 0xbb, 0xbf], "utf-8", "UTF-8 with BOM"],
  [[0xff, 0xfe], "utf-16le", "UTF-16 little-endian"],
  [[0xfe, 0xff], "utf-16be", "UTF-16 big-endian"],
];

/**
 * A byte order mark says it; otherwise it is UTF-8 where every byte fits that, UTF-16 where every other byte of the beginning is
 * zero, and else Windows-1252, in which any byte is a character.
 */
export function decodeText(bytes: Uint8Array): DecodedText {
  for (const [mark, label, name] of marks)
    if (mark.every((byte, at) => bytes[at] === byte))
      return { text: new TextDecoder(label).decode(bytes), encoding: name };
  const wide = unmarkedUtf16(bytes.subarray(0, 512));
  if (wide !== null) return { text: new TextDecoder(wide).decode(bytes), encoding: "UTF-16 without BOM" };
  try {
    return { text: new TextDecoder("utf-8", { fatal: true }).decode(bytes), encoding: "UTF-8" };
  } catch {
    return { text: new TextDecoder("windows-1252").decode(bytes), encoding: "Windows-1252" };
  }
}

/** Latin letters in UTF-16 have a zero in every other byte, which no text in another encoding has. */
function unmarkedUtf16(beginning: Uint8Array): "utf-16le" | "utf-16be" | null {
  const pairs = Math.floor(beginning.length / 2);
  if (pairs < 4) return null;
  let low = 0;
  let high = 0;
  for (let at = 0; at < pairs * 2; at += 2) {
    if (beginning[at] === 0) high++;
    if (beginning[at + 1] === 0) low++;
  }
  if (low > pairs * 0.8 && high === 0) return "utf-16le";
  return high > pairs * 0.8 && low === 0 ? "utf-16be" : null;
}
