// A small document of XML as a tree, the way a customer's program reads it.

import assert from "node:assert/strict";
import { SaxesParser } from "saxes";

export type Node = {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: Node[];
  text: string;
};

/** As a program reads it; fails where it is no XML. */
export function read(xml: string): Node {
  const top: Node = { name: "", attributes: {}, children: [], text: "" };
  const open = [top];
  const parser = new SaxesParser({ xmlns: true });
  parser.on("error", (error) => assert.fail(error));
  parser.on("opentag", ({ name, attributes }) => {
    const values = Object.entries(attributes).map(([key, { value }]) => [key, value] as const);
    const node: Node = { name, attributes: Object.fromEntries(values), children: [], text: "" };
    open.at(-1)?.children.push(node);
    open.push(node);
  });
  parser.on("text", (text) => {
    const node = open.at(-1) ?? top;
    if (node.children.length === 0) node.text += text;
  });
  parser.on("closetag", () => void open.pop());
  parser.write(xml).close();
  return top.children[0] ?? assert.fail("no root");
}

/** The nodes at a path of local names. */
export const all = (node: Node, path: string): Node[] =>
  path
    .split("/")
    .reduce<Node[]>(
      (nodes, step) =>
        nodes.flatMap(({ children }) => children.filter(({ name }) => name.replace(/^.*:/, "") === step)),
      [node],
    );
/** The text of the one node at a path; fails where there is none, or another. */
export const one = (node: Node, path: string): string => {
  const [found, ...more] = all(node, path);
  assert.ok(found && more.length === 0, `${path}: ${more.length + (found ? 1 : 0)}`);
  return found.text;
};
