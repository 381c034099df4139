// Whether an SVG is shapes and strokes alone, as signature pads draw them: nothing in it can run, load or link.
// Pure. It lists what may be there and knows no list of dangers; what it does not know, it refuses.

const shapes = "path|line|polyline|polygon|circle|ellipse|rect";
const elements = `svg|g|title|desc|${shapes}`;

const geometry = "x|y|x1|y1|x2|y2|cx|cy|r|rx|ry|d|points|width|height|viewBox|transform|pathLength|preserveAspectRatio";
const paint = "fill|stroke|color|opacity|(?:fill|stroke)-opacity|fill-rule|clip-rule|vector-effect|shape-rendering";
const stroke = "stroke-(?:width|linecap|linejoin|miterlimit|dasharray|dashoffset)";
const naming = "xmlns(?::(?:xlink|svg))?|version|baseProfile|id|class|xml:space|aria-label|role";

// No quantifier stands within another over the same characters, so that each is linear in what it reads.
const attribute = new RegExp(
  `\\s+(?:${geometry}|${paint}|${stroke}|${naming})\\s*=\\s*(?:"([^"<&]*)"|'([^'<&]*)')`,
  "y",
);
const openTag = new RegExp(`<(${elements})(?=[\\s/>])`, "y");
const closeTag = new RegExp(`</(${elements})\\s*>`, "y");
const tagEnd = /\s*(\/?)>/y;
const words = /(?:[^<&]|&(?:lt|gt|amp|quot|apos);)+/y;
const comment = /<!--(?:[^-]|-(?!-))*-->/y;
/** The public document type is only a name, and browsers fetch none; entities of one's own stand in brackets. */
const documentType = `<!DOCTYPE\\s+svg\\s+PUBLIC\\s+"-//W3C//DTD SVG [^"<>]*"\\s+"https?://www\\.w3\\.org/[^"<>]*"\\s*>`;
const prologue = new RegExp(`^\\ufeff?\\s*(?:<\\?xml[^?<>]*\\?>)?\\s*(?:${documentType})?`);
const isShape = new RegExp(`^(?:${shapes})$`);

/** Paint may name a colour, and no other place: url(…) does that. Namespaces are names that are never fetched. */
const pointsElsewhere = /url\s*\(|javascript:|data:|expression\s*\(/i;

/** True for one well-formed drawing with at least one shape, in UTF-8. */
export function isScriptFree(object: Uint8Array): boolean {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(object);
  } catch {
    return false;
  }
  let at = prologue.exec(text)?.[0].length ?? 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at += found[0].length;
    return found;
  };
  const open: string[] = [];
  let [roots, drawn] = [0, 0];
  while (at < text.length) {
    const opened = take(openTag)?.[1];
    if (opened !== undefined) {
      if (open.length === 0 && (opened !== "svg" || ++roots > 1)) return false;
      if (isShape.test(opened)) drawn++;
      for (let one = take(attribute); one; one = take(attribute)) {
        if (pointsElsewhere.test(one[1] ?? one[2] ?? "")) return false;
      }
      const end = take(tagEnd);
      if (!end) return false;
      if (end[1] === "") open.push(opened);
      continue;
    }
    const closed = take(closeTag)?.[1];
    if (closed !== undefined) {
      if (open.pop() !== closed) return false;
      continue;
    }
    if (take(comment)) continue;
    const said = take(words)?.[0];
    if (said === undefined || (open.length === 0 && said.trim() !== "")) return false;
  }
  return roots === 1 && drawn > 0 && open.length === 0;
}
