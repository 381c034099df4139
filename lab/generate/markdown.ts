// What the generated pages have in common: their first line, and tables.

export const made = "<!-- Written by `pnpm generate` from the source; edit the source. -->";

type Row = readonly string[];

export function table(head: Row, rows: readonly Row[]): string {
  const line = (cells: Row) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

export const code = (text: string): string => `\`${text}\``;

const marks = { begin: "<!-- written by `pnpm generate` from here", end: "to here -->" } as const;

/**
 * Puts made text between the two marks of a page written by hand.
 * @throws Error when a mark is missing
 */
export function between(page: string, text: string): string {
  const [head, rest] = page.split(`${marks.begin} -->`);
  const [, tail] = rest?.split(`<!-- ${marks.end}`) ?? [];
  if (head === undefined || tail === undefined)
    throw new Error(`the page lacks its marks "${marks.begin} -->" and "<!-- ${marks.end}"`);
  return `${head}${marks.begin} -->\n\n${text}\n\n<!-- ${marks.end}${tail}`;
}
