// What a caller would rather read, by its Accept header: metrics as Prometheus' text or as JSON, a file or what is told of it.

const textTypes = new Set(["text/plain", "application/openmetrics-text"]);

/** True when a text type is asked for by name and preferred to JSON; "*" and silence mean JSON. */
export function prefersText(accept: string | undefined): boolean {
  if (accept === undefined) return false;
  let best = { quality: 0, text: false };
  // Of two that are liked equally, the one named first wins: Prometheus and axios both write their favourite first.
  for (const part of accept.toLowerCase().split(",", 50)) {
    const [type = "", ...parameters] = part.split(";").map((piece) => piece.trim());
    const text = textTypes.has(type);
    if (!text && type !== "application/json") continue;
    const quality = Number(parameters.find((parameter) => parameter.startsWith("q="))?.slice(2) ?? 1);
    if (quality > best.quality) best = { quality, text };
  }
  return best.text;
}

/** True when JSON is asked for by name; "*" and silence mean the thing itself. */
export const asksForJson = (accept: string | undefined): boolean =>
  (accept ?? "")
    .toLowerCase()
    .split(",", 50)
    .some((part) => /^\s*application\/json\s*(;|$)/.test(part) && !/;\s*q=0(\.0*)?\s*$/.test(part));
