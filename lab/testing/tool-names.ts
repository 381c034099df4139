// Which of the desk's tools a test speaks of, by name or by address. The API reaches every command through its list of handlers,
// so imports alone cannot tell the tests of a command from all others that start an API.

type Sources = ReadonlyMap<string, string>;

/** Where a command or query is declared: `name: "schedule.book"`, `deskQuery("plan.get", …`. */
const declared = /(?:\bname: |\w+Query\(\s*)"([a-z]+(?:\.[a-z_]+)+)"/g;
const addressed = /"([a-z]+(?:\.[a-z_]+)+)": \{\s*path: "([^"]+)"/g;
const named = /"([a-z]+(?:\.[a-z_]+)+)"/g;
const address = /[\w-]+(?:\/[\w-]+)*(?=["`?])/g;

/** The file that declares a tool, by the tool's name and by the words of its path. */
export type Tools = ReadonlyMap<string, string>;

export function toolsIn(sources: Sources): Tools {
  const files = new Map<string, string>();
  for (const [file, source] of sources) {
    if (!file.startsWith("dispatch/") || file.startsWith("dispatch/contract/")) continue;
    for (const [, name = ""] of source.matchAll(declared)) files.set(name, file);
  }
  for (const [file, source] of sources) {
    if (!file.startsWith("dispatch/contract/")) continue;
    for (const [, name = "", path = ""] of source.matchAll(addressed)) {
      // What follows the ids: `schedule/book`. One word alone, `close`, may mean anything.
      const end = path.split("}/").at(-1)?.replace(/^\//, "") ?? "";
      const declaring = files.get(name);
      if (declaring !== undefined && end.includes("/")) files.set(end, declaring);
    }
  }
  return files;
}

/**
 * How often a source speaks of the tools of each file. What helps all tests, bringing a ticket to where each begins, speaks of
 * most tools and is about none.
 */
export function toolFilesNamedIn(file: string, source: string, tools: Tools): Map<string, number> {
  const times = new Map<string, number>();
  if (!file.startsWith("tests/") || file.startsWith("tests/support/")) return times;
  const words = [...source.matchAll(named)].map(([, name = ""]) => name);
  for (const word of [...words, ...(source.match(address) ?? [])]) {
    const declaring = tools.get(word);
    if (declaring !== undefined) times.set(declaring, (times.get(declaring) ?? 0) + 1);
  }
  return times;
}
