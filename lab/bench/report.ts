// What a benchmark found, for programs: one line of JSON behind the table, and a file where one was asked for.

import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";

/**
 * @param file written as well, when it is named
 * @param inFile what only the file holds
 */
export async function writeReport(figures: object, file: string | undefined, inFile: object = {}): Promise<void> {
  const shown = { machine: { cores: cpus().length, node: process.version }, ...figures };
  console.log(JSON.stringify(shown));
  if (file) await writeFile(file, `${JSON.stringify({ ...shown, ...inFile })}\n`);
}
