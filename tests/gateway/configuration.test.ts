// What Dispatch writes into OpenClaw's configuration, and what it leaves to the user; which model is chosen.

import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { JsonObject } from "../../dispatch/kernel/json.ts";
import {
  configurationFor,
  speaksForAnybody,
  type ConfigurationFacts,
} from "../../dispatch/ops/gateway/configuration.ts";
import { deskOwner } from "../../dispatch/ops/gateway/desk-owner.ts";
import { chooseModel, type ModelChoice } from "../../dispatch/ops/gateway/model-choice.ts";
import { openclawEnvironment } from "../../dispatch/ops/gateway/openclaw-program.ts";
import { ownerFor, standInFor } from "../../dispatch/ops/stack/gateway-plan.ts";
import { readSettings } from "../../dispatch/process/settings.ts";
import { readConfiguration } from "../../plugin/src/configuration.ts";
import { nobody, personBehind } from "../../plugin/src/identity.ts";
import { addressIn, stateFolderOf, type Written } from "../../dispatch/ops/gateway/state-folder.ts";

const folder = stateFolderOf("/data");
const nothing: Written = { pluginPath: null, model: null, pid: null, port: null };
const scripted = chooseModel(null, null, {}, "http://127.0.0.1:4000");

const facts = (changes: Partial<ConfigurationFacts> = {}): ConfigurationFacts => ({
  folder,
  port: 18_080,
  token: "a-token",
  pluginPath: "/dispatch/plugin",
  apiUrl: "http://127.0.0.1:8080",
  signing: { secret: "s".repeat(32) },
  owner: { actor: "dana", roles: ["dispatcher"], accounts: ["*"], sites: ["*"] },
  people: [],
  agents: [],
  model: scripted,
  scriptedUrl: "http://127.0.0.1:4000",
  ...changes,
});

/** The value at a path of dots; a key with a dot in it does not occur here. */
const at = (configuration: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce(
      (value: unknown, key) =>
        typeof value === "object" && value !== null
          ? Object.entries(value).find(([name]) => name === key)?.[1]
          : undefined,
      configuration,
    );

describe("a first configuration", () => {
  const made = configurationFor(facts(), null, nothing);

  test("listens on the loopback alone, with a token", () => {
    assert.deepEqual(at(made, "gateway.bind"), "loopback");
    assert.deepEqual(at(made, "gateway.auth"), { mode: "token", token: "a-token" });
    assert.deepEqual(addressIn(made), { port: 18_080, token: "a-token" });
  });

  test("gives the model the desk's tools and nothing that reaches the machine or the world", () => {
    assert.equal(at(made, "tools.profile"), "minimal");
    assert.deepEqual(at(made, "tools.alsoAllow"), ["dispatch"]);
    assert.deepEqual(at(made, "tools.toolSearch"), { mode: "directory" });
    assert.equal(at(made, "tools.codeMode"), false);
    assert.deepEqual(at(made, "plugins.allow"), ["dispatch"]);
    assert.equal(at(made, "telemetry.enabled"), false);
    assert.equal(at(made, "channels"), undefined);
  });

  test("has no agent beside the desk's, unless it is told of one, who then has the tools of its tasks and a name of its own", () => {
    assert.equal(at(made, "agents.entries"), undefined);
    const clerk = { agentId: "clerk", actor: "clerk", roles: ["agent"], accounts: ["*"], sites: ["*"] } as const;
    const two = configurationFor(facts({ agents: [clerk] }), null, nothing);
    assert.deepEqual(at(two, "agents.entries.main"), {});
    assert.equal(at(two, "agents.defaults.systemAgent.agentId"), "main");
    assert.deepEqual(at(two, "agents.entries.clerk.tools.alsoAllow"), [
      "task_list",
      "task_check",
      "task_progress",
      "task_complete",
      "task_fail",
    ]);
    const { configuration } = readConfiguration(at(two, "plugins.entries.dispatch.config"));
    assert.ok(configuration);
    const turn = { ...nobody, owner: true, agentId: "clerk" };
    assert.deepEqual(personBehind(configuration, turn)?.roles, ["agent"]);
  });

  test("keeps every file it names inside the state folder", () => {
    for (const path of ["logging.file", "agents.defaults.workspace"])
      assert.match(String(at(made, path)), /^\/data\/openclaw\//);
  });

  test("spends nothing on turns that nobody asked for", () => {
    assert.equal(at(made, "agents.defaults.heartbeat.every"), "0m");
    assert.equal(at(made, "models.catalogRefresh.enabled"), false);
  });
});

describe("a configuration that stands", () => {
  const first = configurationFor(facts(), null, nothing);
  const written: Written = { ...nothing, pluginPath: "/dispatch/plugin", model: scripted.model };

  test("gets the values that are Dispatch's own anew", () => {
    const next = configurationFor(
      facts({
        port: 20_001,
        apiUrl: "http://127.0.0.1:9090",
        signing: { secret: "t".repeat(32) },
        pluginPath: "/moved/plugin",
        scriptedUrl: "http://127.0.0.1:4001",
      }),
      first,
      written,
    );
    assert.equal(at(next, "gateway.port"), 20_001);
    assert.equal(at(next, "plugins.entries.dispatch.config.apiUrl"), "http://127.0.0.1:9090");
    assert.deepEqual(at(next, "plugins.entries.dispatch.config.signing"), { secret: "t".repeat(32) });
    assert.deepEqual(at(next, "plugins.load.paths"), ["/moved/plugin"]);
    assert.equal(at(next, "models.providers.dispatch-scripted.baseUrl"), "http://127.0.0.1:4001/v1");
  });

  test("is the same after the same start again", () => {
    assert.deepEqual(configurationFor(facts(), first, written), first);
  });

  test("keeps what the user changed or added", () => {
    const owner = { actor: "someone", roles: ["qa"] };
    const changes: readonly (readonly [string, unknown])[] = [
      ["plugins.entries.dispatch.config.owner", owner],
      ["plugins.entries.dispatch.config.people", [{ channel: "telegram", senderId: "1", ...owner }]],
      ["agents.defaults.heartbeat.every", "1h"],
      ["channels.telegram.enabled", true],
      ["plugins.load.paths", ["/dispatch/plugin", "/mine"]],
      ["plugins.allow", ["dispatch", "telegram"]],
    ];
    const changed: JsonObject = JSON.parse(JSON.stringify(first));
    for (const [path, value] of changes) {
      const keys = path.split(".");
      const last = keys.pop() ?? "";
      let inner: Record<string, unknown> = { ...changed };
      let here = changed;
      for (const key of keys) {
        const found = here[key];
        inner = typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
        Object.assign(here, { [key]: inner });
        here = inner;
      }
      inner[last] = value;
    }
    const next = configurationFor(facts(), changed, written);
    for (const [path, value] of changes) assert.deepEqual(at(next, path), value, path);
  });
});

describe("in production", () => {
  const settings = readSettings({ NODE_ENV: "production" });
  const none = chooseModel(null, null, {}, null);
  const ofPlugin = "plugins.entries.dispatch.config";
  const start = (standing: JsonObject | null, written: Written = nothing) => {
    const model = chooseModel(standing, written.model, {}, null);
    return configurationFor(facts({ owner: ownerFor(settings), scriptedUrl: null, model }), standing, written);
  };

  test("the gateway speaks for nobody until people are configured", () => {
    const made = start(null);
    assert.equal(at(made, `${ofPlugin}.owner`), undefined);
    assert.deepEqual(at(made, `${ofPlugin}.people`), []);
    assert.equal(speaksForAnybody(made), false);
    const { configuration } = readConfiguration(at(made, ofPlugin));
    assert.ok(configuration);
    const owner = { ...nobody, channel: "webchat", owner: true };
    assert.equal(personBehind(configuration, owner), null, "not even for whoever has its token");
    assert.equal(ownerFor(readSettings({}))?.actor, "dana");
    const own = join(import.meta.dirname, "../../dispatch/policy/shipped");
    assert.equal(
      ownerFor(readSettings({ DISPATCH_POLICY_DIR: own })),
      null,
      "a company's own desk has people of its own",
    );
  });

  test("the demo's owner and its scripted model, left there by a start for development, are taken out; others stay", () => {
    const left = configurationFor(facts({ owner: deskOwner }), null, nothing);
    assert.equal(speaksForAnybody(left), true);
    for (const written of [nothing, { ...nothing, model: scripted.model }]) {
      const made = start(left, written);
      assert.equal(speaksForAnybody(made), false);
      assert.equal(at(made, "agents.defaults.model"), undefined);
      assert.deepEqual(at(made, "models.providers"), {});
      assert.equal(at(made, "agents.defaults.workspace"), "/data/openclaw/workspace");
    }
    const own = configurationFor(facts(), null, nothing);
    assert.deepEqual(at(start(own), `${ofPlugin}.owner`), facts().owner);
  });

  test("no stand-in answers, with a key of a real model or without", () => {
    const standInModel = "/lab/scripted-model/server.ts";
    assert.equal(standInFor({ settings, environment: {}, standInModel }), null);
    assert.equal(standInFor({ settings: readSettings({}), environment: {}, standInModel }), standInModel);
    assert.equal(none.kind, "none");
    assert.match(none.sentence, /nobody answers\. Set ANTHROPIC_API_KEY/);
  });
});

describe("the model of the chat", () => {
  const url = "http://127.0.0.1:4000";
  const configured = (primary: string): JsonObject => ({ agents: { defaults: { model: { primary } } } });
  const anthropic = chooseModel(null, null, { ANTHROPIC_API_KEY: "k" }, url).model;
  const cases: readonly (readonly [string, ModelChoice, ModelChoice["kind"], string | null])[] = [
    [
      "without a key it is the scripted stand-in",
      chooseModel(null, null, {}, url),
      "scripted",
      "dispatch-scripted/dispatch-scripted",
    ],
    [
      "a key in the environment chooses the real one",
      chooseModel(null, null, { OPENAI_API_KEY: "k" }, url),
      "openai",
      "openai/gpt-6-astra",
    ],
    [
      "of two keys Anthropic's goes first",
      chooseModel(null, null, { OPENAI_API_KEY: "k", ANTHROPIC_API_KEY: "k" }, url),
      "anthropic",
      "anthropic/claude-opus-5",
    ],
    [
      "an empty key is none",
      chooseModel(null, null, { ANTHROPIC_API_KEY: "" }, url),
      "scripted",
      "dispatch-scripted/dispatch-scripted",
    ],
    [
      "what the user configured stays, whatever keys there are",
      chooseModel(configured("ollama/qwen"), scripted.model, { OPENAI_API_KEY: "k" }, url),
      "configured",
      null,
    ],
    [
      "what Dispatch configured gives way to a key",
      chooseModel(configured(scripted.model ?? ""), scripted.model, { ANTHROPIC_API_KEY: "k" }, url),
      "anthropic",
      "anthropic/claude-opus-5",
    ],
    [
      "and a key that is gone to the stand-in",
      chooseModel(configured(anthropic ?? ""), anthropic, {}, url),
      "scripted",
      "dispatch-scripted/dispatch-scripted",
    ],
    [
      "a stand-in that is not there answers nobody, whoever configured it",
      chooseModel(configured("dispatch-scripted/dispatch-scripted"), null, {}, null),
      "none",
      null,
    ],
    ["without either there is none", chooseModel(null, null, {}, null), "none", null],
  ];
  for (const [name, choice, kind, model] of cases) {
    test(name, () => {
      assert.equal(choice.kind, kind);
      assert.equal(choice.model, model);
      assert.doesNotMatch(choice.sentence, /\n/);
    });
  }

  test("the key of a real model reaches OpenClaw by the environment and never the configuration", () => {
    const environment = { ANTHROPIC_API_KEY: "sk-very-secret", PATH: "/bin" };
    const made = configurationFor(facts({ model: chooseModel(null, null, environment, url) }), null, nothing);
    assert.doesNotMatch(JSON.stringify(made), /sk-very-secret/);
    assert.deepEqual(at(made, "plugins.allow"), ["dispatch", "anthropic"]);
    assert.equal(openclawEnvironment(folder, environment)["ANTHROPIC_API_KEY"], "sk-very-secret");
  });
});

test("OpenClaw gets the environment it needs, and no other setting or secret of the caller's", () => {
  const given = {
    PATH: "/bin",
    HOME: "/home/me",
    OPENCLAW_STATE_DIR: "/home/me/.openclaw",
    DISPATCH_AUTH_JWT_SECRET: "secret",
    AWS_SECRET_ACCESS_KEY: "secret",
    NODE_COMPILE_CACHE: "/c",
    LANG: "C",
  };
  const environment = openclawEnvironment(folder, given);
  assert.equal(environment["HOME"], "/data/openclaw/home");
  assert.equal(environment["OPENCLAW_STATE_DIR"], "/data/openclaw/state");
  assert.equal(environment["PATH"], "/bin");
  for (const name of ["DISPATCH_AUTH_JWT_SECRET", "AWS_SECRET_ACCESS_KEY", "NODE_COMPILE_CACHE"])
    assert.equal(environment[name], undefined, name);
});
