// A value of ours as Postgres reads a parameter: text, bytes as they are, or null.

export type Parameter = string | Buffer | null;

/** @throws TypeError for what has no text, such as an object that contains itself */
export function parameterOf(value: unknown): Parameter {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return null;
  if (typeof value !== "object") return textOf(value);
  if (Array.isArray(value)) return arrayText(value);
  if (Buffer.isBuffer(value)) return value;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  return value instanceof Date ? value.toISOString() : JSON.stringify(value);
}

function textOf(value: unknown): string {
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  throw new TypeError(`a ${typeof value} cannot be a parameter`);
}

/** An array literal: `{"a","b",NULL,{"c"}}`. */
function arrayText(items: readonly unknown[]): string {
  let text = "{";
  for (const item of items) {
    if (text.length > 1) text += ",";
    text += Array.isArray(item) ? arrayText(item) : elementText(parameterOf(item));
  }
  return text + "}";
}

function elementText(element: Parameter): string {
  if (element === null) return "NULL";
  if (typeof element !== "string") return `"\\\\x${element.toString("hex")}"`;
  return `"${/["\\]/.test(element) ? element.replaceAll(/["\\]/g, String.raw`\$&`) : element}"`;
}
