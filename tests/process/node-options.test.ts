// What an API is started with is the same wherever one is started.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { apiNodeOptions } from "../../dispatch/process/node-options.ts";
import { readComposeFile } from "../stack/compose-file.ts";

const program = "dispatch/api/main.ts";
const started = ["node", ...apiNodeOptions, program];
const read = (file: string): Promise<string> => readFile(new URL(`../../${file}`, import.meta.url), "utf8");

test("pnpm, the image and compose start an API with the same options of node", async () => {
  assert.equal(JSON.parse(await read("package.json")).scripts["dispatch:api:start"], started.join(" "));
  const images = [...(await read("Dockerfile")).matchAll(/^CMD (\[.*main\.ts"\])$/gm)].map(([, words = ""]) =>
    JSON.parse(words),
  );
  assert.deepEqual(images, [started]);
  const { services } = await readComposeFile();
  const apis = services.filter(({ command }) => command.includes(program)).map(({ command }) => command);
  assert.ok(apis.length > 0);
  for (const command of apis) assert.deepEqual(command, started);
});
