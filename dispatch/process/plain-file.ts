// A file of data that an operator wrote, YAML or JSON: read within a bound, and nothing in it but values: what else YAML can do (anchors,
// aliases, tags, a key twice, a second document) is refused, as in the file of settings.

import { createRequire } from "node:module";
import { CommandFailure } from "./command-line.ts";
import { readOwnText } from "./settings/config-file.ts";

const require = createRequire(import.meta.url);

/** What stands in a file. @throws CommandFailure that names the file, the line and what is wrong */
export function readPlainFile(path: string, maxBytes: number): unknown {
  const { LineCounter, isAlias, isNode, parseDocument, visit } = require("yaml") as typeof import("yaml");
  const lines = new LineCounter();
  const document = parseDocument(textIn(path, maxBytes), { lineCounter: lines, prettyErrors: false });
  const [broken] = document.errors;
  const fail = (at: number, what: string): never => {
    throw new CommandFailure(`${path}:${lines.linePos(at).line} ${what}`);
  };
  if (broken) fail(broken.pos[0], `cannot be read as YAML or JSON: ${broken.code.toLowerCase().replaceAll("_", " ")}`);
  visit(document, {
    Node(_, node) {
      const isMore = isAlias(node) || ("anchor" in node && node.anchor !== undefined) || node.tag !== undefined;
      if (isNode(node) && isMore)
        fail(node.range?.[0] ?? 0, "must be written out: anchors, aliases and tags are not taken");
    },
  });
  return document.toJS();
}

function textIn(path: string, maxBytes: number): string {
  try {
    return readOwnText(path, maxBytes).text;
  } catch (error) {
    throw new CommandFailure(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
