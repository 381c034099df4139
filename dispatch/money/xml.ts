// XML as far as a document for programs needs it: elements, attributes, texts. Pure.

export type Child = Element | string | null;
export type Element = {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (Element | string)[];
};

/** @param name with its prefix @param children those that are null are left away */
export const element = (
  name: string,
  attributes: Readonly<Record<string, string>>,
  children: readonly Child[],
): Element => ({ name, attributes, children: children.filter((child) => child !== null) });

/** What stands for itself in no text and no attribute; others than these may not be in XML 1.0 at all. */
const references: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
// oxlint-disable-next-line no-control-regex
const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(forbidden, "\ufffd")
    .replaceAll(/[&<>"]/g, (sign) => references[sign] ?? "")
    .replaceAll("\r", "&#13;");

/** A whole file in UTF-8, a line to each element that has elements or a text. */
export const rendered = (root: Element): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${lines(root, "").join("\n")}\n`;

function lines({ name, attributes, children }: Element, indent: string): string[] {
  const given = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(value)}"`);
  const begin = `${indent}<${name}${given.join("")}>`;
  if (children.every((child) => typeof child === "string"))
    return [`${begin}${children.map(escaped).join("")}</${name}>`];
  const inner = children.flatMap((child) =>
    typeof child === "string" ? [`${indent}  ${escaped(child)}`] : lines(child, `${indent}  `),
  );
  return [begin, ...inner, `${indent}</${name}>`];
}
