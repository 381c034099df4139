// The plugin's settings: what is missing or wrong is said with its key, and the schema the host checks by lets everything
// through that the plugin takes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Ajv } from "ajv";
import { configurationSchema, readConfiguration } from "../../plugin/src/configuration.ts";
import { acme, ana } from "../support/directory.ts";
import { configured } from "./chat.ts";

const secret = "s".repeat(32);
const owner = { actor: "dana", roles: ["dispatcher"] };
const whole = {
  apiUrl: "http://127.0.0.1:8080/",
  signing: { secret, issuer: "plugin", audience: "desk" },
  agentId: "desk",
  owner: { ...owner, accounts: ["*"], sites: [acme.oakland], techId: ana },
  people: [
    { channel: "telegram", accountId: "bot", senderId: "4711", actor: "ana", roles: ["tech", "agent"], techId: ana },
  ],
  timeoutMs: 5_000,
};

const hostCheck = new Ajv({ strict: false }).compile(JSON.parse(JSON.stringify(configurationSchema)));

describe("a configuration is taken", () => {
  const good: readonly (readonly [string, unknown])[] = [
    ["with every key", whole],
    ["with a secret alone", { apiUrl: "https://api.example", signing: { secret } }],
    ["with a key file", { apiUrl: "https://api.example/base", signing: { keyFile: "/etc/key.json" } }],
    ["without anybody who may speak", { apiUrl: "http://localhost:1", signing: { secret }, people: [] }],
  ];
  for (const [what, written] of good) {
    test(what, () => {
      assert.deepEqual(readConfiguration(written).problems, []);
      assert.ok(hostCheck(written), JSON.stringify(hostCheck.errors));
    });
  }

  test("and what is not said takes its default", () => {
    const { people, ...rest } = configured({
      apiUrl: "http://h//",
      signing: { keyFile: "k" },
      people: [{ channel: "c", senderId: "1", actor: "x", roles: ["qa"] }],
    });
    assert.deepEqual(rest, {
      apiUrl: "http://h",
      signing: { key: { file: "k" }, issuer: null, audience: null },
      agentId: "main",
      owner: null,
      agents: [],
      timeoutMs: 20_000,
    });
    assert.deepEqual(people, [
      {
        channel: "c",
        accountId: null,
        senderId: "1",
        actor: "x",
        roles: ["qa"],
        accounts: [],
        sites: [],
        techId: null,
      },
    ]);
  });
});

describe("a configuration is refused, and the problem names the key", () => {
  const person = whole.people[0];
  const bad: readonly (readonly [string, unknown, RegExp])[] = [
    ["nothing at all", undefined, /apiUrl.*signing/],
    ["null", null, /apiUrl.*signing/],
    ["a text", "http://127.0.0.1", /config/],
    ["a list", [], /config/],
    ["no address", { ...whole, apiUrl: undefined }, /apiUrl/],
    ["another protocol", { ...whole, apiUrl: "ftp://host" }, /apiUrl/],
    ["an address that is none", { ...whole, apiUrl: "http://" }, /apiUrl/],
    ["a number for an address", { ...whole, apiUrl: 8080 }, /apiUrl/],
    ["a password in the address", { ...whole, apiUrl: "http://me:hunter2@host" }, /apiUrl/],
    ["a query in the address", { ...whole, apiUrl: "http://host/?key=hunter2" }, /apiUrl/],
    ["no signing", { ...whole, signing: undefined }, /signing/],
    ["signing by nothing", { ...whole, signing: {} }, /signing/],
    ["signing by both", { ...whole, signing: { secret, keyFile: "k" } }, /signing/],
    ["a short secret", { ...whole, signing: { secret: "hunter2" } }, /signing\/secret/],
    ["an empty key file", { ...whole, signing: { keyFile: "" } }, /signing\/keyFile/],
    ["an unknown key", { ...whole, apiURL: "http://host" }, /config .*propert/],
    ["an unknown key of the signing", { ...whole, signing: { secret, algorithm: "none" } }, /signing/],
    ["an owner of no role", { ...whole, owner: { actor: "dana", roles: [] } }, /owner\/roles/],
    ["an owner of an invented role", { ...whole, owner: { actor: "dana", roles: ["root"] } }, /owner\/roles/],
    ["an owner twice in a role", { ...whole, owner: { actor: "dana", roles: ["qa", "qa"] } }, /owner\/roles/],
    ["an owner of no name", { ...whole, owner: { ...owner, actor: "" } }, /owner\/actor/],
    ["an account that is no id", { ...whole, owner: { ...owner, accounts: ["Acme"] } }, /owner\/accounts/],
    ["a technician that is no id", { ...whole, owner: { ...owner, techId: "ana" } }, /owner\/techId/],
    [
      "an owner who is a technician, and not which",
      { ...whole, owner: { actor: "dana", roles: ["dispatcher", "tech"] } },
      /^owner\/techId is missing: dana has the role tech, so give the uuid of the technician/,
    ],
    [
      "a person who is a technician, and not which",
      { ...whole, people: [person, { ...person, techId: undefined }] },
      /^people\/1\/techId is missing: ana has the role tech/,
    ],
    ["a person without a channel", { ...whole, people: [{ ...person, channel: undefined }] }, /people\/0/],
    ["a person without a sender", { ...whole, people: [{ ...person, senderId: undefined }] }, /people\/0/],
    ["a person with a numeric sender", { ...whole, people: [{ ...person, senderId: 4711 }] }, /people\/0\/senderId/],
    ["an agent of no name", { ...whole, agentId: "" }, /agentId/],
    ["no time to wait", { ...whole, timeoutMs: 0 }, /timeoutMs/],
    ["an hour to wait", { ...whole, timeoutMs: 3_600_000 }, /timeoutMs/],
  ];
  for (const [what, written, problem] of bad) {
    test(what, () => {
      const { configuration, problems } = readConfiguration(
        written === undefined ? undefined : JSON.parse(JSON.stringify(written)),
      );
      assert.equal(configuration, null);
      assert.match(problems.join("; "), problem);
      assert.doesNotMatch(problems.join("; "), /hunter2/, "no secret is shown");
    });
  }
});
