// docker-compose.yml as data, read as a file of settings is.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { isObject, type JsonObject } from "../../dispatch/kernel/json.ts";

export const root = join(import.meta.dirname, "../..");

export type Service = {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly secrets: readonly string[];
  /** As it stands. */
  readonly all: JsonObject;
};

export type ComposeFile = { readonly text: string; readonly all: JsonObject; readonly services: readonly Service[] };

export async function readComposeFile(): Promise<ComposeFile> {
  const text = await readFile(join(root, "docker-compose.yml"), "utf8");
  const all: unknown = parse(text, { merge: true });
  if (!isObject(all) || !isObject(all["services"])) throw new Error("docker-compose.yml has no services");
  return {
    text,
    all,
    services: Object.entries(all["services"]).map(([name, service]) =>
      serviceOf(name, isObject(service) ? service : {}),
    ),
  };
}

function serviceOf(name: string, all: JsonObject): Service {
  const { image, command, environment, secrets } = all;
  const pairs = isObject(environment)
    ? Object.entries(environment).map(([variable, value]) => [variable, String(value)] as const)
    : [];
  return {
    name,
    image: String(image),
    command: strings(command),
    environment: Object.fromEntries(pairs),
    secrets: strings(secrets),
    all,
  };
}

export const strings = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** @throws for a name that is not there */
export function serviceNamed({ services }: ComposeFile, name: string): Service {
  const found = services.find((service) => service.name === name);
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`);
  return found;
}
