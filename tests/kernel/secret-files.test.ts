// Secrets that come in files: each secret setting may, no other setting does, and what is wrong is said by name.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { configurationFrom, readSettings } from "../../dispatch/process/settings.ts";
import { printed } from "../../dispatch/process/settings/print.ts";
import { SettingsError } from "../../dispatch/process/settings/settings-error.ts";
import { settingsList } from "../../dispatch/process/settings/settings-list.ts";

const secretVariables = Object.values(settingsList)
  .filter(({ secret }) => secret)
  .map(({ variable }) => variable);

/** A value each secret setting takes. */
const urls: Readonly<Record<string, string>> = {
  DISPATCH_DATABASE_URL: "postgresql://dispatch:word@db/dispatch",
  DISPATCH_NATS_URL: "nats://dispatch:word@nats.example:4222",
  DISPATCH_TRAVEL_URL: "https://osrm.example/key",
};
const valueOf = (variable: string): string => urls[variable] ?? "a secret of forty characters, no fewer..";

describe("secrets by file", () => {
  let folder = "";
  before(async () => void (folder = await mkdtemp(join(tmpdir(), "dispatch-secrets-"))));
  after(() => rm(folder, { recursive: true, force: true }));

  const fileWith = async (text: string): Promise<string> => {
    const path = join(folder, `${text.length}.${Math.random()}`);
    await writeFile(path, text);
    return path;
  };
  const refusal = (environment: NodeJS.ProcessEnv): string => {
    try {
      readSettings(environment);
    } catch (error) {
      assert.ok(error instanceof SettingsError);
      return error.message;
    }
    return assert.fail("it was taken");
  };

  test("are the shared secrets, tokens, the object store's keys and the addresses of database, NATS and travel service", () => {
    assert.deepEqual(secretVariables.toSorted(), [
      "DISPATCH_ADMIN_TOKEN",
      "DISPATCH_AUTH_JWT_SECRET",
      "DISPATCH_AUTH_JWT_SECRET_OLD",
      "DISPATCH_DATABASE_URL",
      "DISPATCH_LIFECYCLE_TOKEN",
      "DISPATCH_NATS_URL",
      "DISPATCH_OBJECT_STORE_KEY",
      "DISPATCH_OBJECT_STORE_SECRET",
      "DISPATCH_OPENCLAW_TOKEN",
      "DISPATCH_TRAVEL_URL",
    ]);
  });

  for (const variable of secretVariables) {
    test(`${variable}_FILE gives the same settings as ${variable}, without the line's end`, async () => {
      const value = valueOf(variable);
      const byFile = configurationFrom({ [`${variable}_FILE`]: await fileWith(`${value}\n`) });
      assert.deepEqual(byFile.settings, readSettings({ [variable]: value }));
      assert.ok(!printed(byFile).includes(value));
    });

    test(`${variable}_FILE beside ${variable} is refused`, async () => {
      const path = await fileWith(valueOf(variable));
      assert.match(
        refusal({ [variable]: valueOf(variable), [`${variable}_FILE`]: path }),
        new RegExp(`^CONFIG_INVALID: ${variable}_FILE and ${variable} are both set`),
      );
    });
  }

  test("a file that is not there, or is empty, stops the start with the variable's name", async () => {
    assert.match(
      refusal({ DISPATCH_AUTH_JWT_SECRET_FILE: join(folder, "none") }),
      /^CONFIG_INVALID: DISPATCH_AUTH_JWT_SECRET_FILE must name a file that can be read: ENOENT/,
    );
    assert.match(
      refusal({ DISPATCH_AUTH_JWT_SECRET_FILE: await fileWith("\n") }),
      /^CONFIG_INVALID: DISPATCH_AUTH_JWT_SECRET_FILE must name a file that holds the secret; .* is empty$/,
    );
  });

  test("what a file holds obeys the setting's rule, is refused under the file's variable, and is not repeated", async () => {
    const said = refusal({ DISPATCH_DATABASE_URL_FILE: await fileWith("mysql://user:hidden@db/x") });
    assert.match(said, /^CONFIG_INVALID: DISPATCH_DATABASE_URL_FILE must be a URL with postgres:/);
    assert.ok(!said.includes("hidden"));
  });

  test("an empty variable names no file", () => {
    assert.equal(readSettings({ DISPATCH_AUTH_JWT_SECRET_FILE: " " }).jwtSecret, null);
  });
});
