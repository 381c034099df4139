// Both ways of signing against an API that verifies: what it believes, what it refuses, and what a key that cannot be used
// leaves in the chat.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { contractHash } from "../../dispatch/contract/hash.ts";
import { contractStatus } from "../../plugin/src/contract-status.ts";
import { readConfiguration } from "../../plugin/src/configuration.ts";
import { openDesk, type Desk } from "../../plugin/src/desk.ts";
import { nobody } from "../../plugin/src/identity.ts";
import { runTool } from "../../plugin/src/run-tool.ts";
import { openSigner } from "../../plugin/src/token.ts";
import { startTestApi } from "../support/api.ts";
import { tokenSecret } from "../support/token.ts";
import { textOf } from "../../plugin/src/tool-result.ts";
import { configured, dana, sender, theOwner, toolOf } from "./chat.ts";

const { publicKey, privateKey } = generateKeyPairSync("ed25519");
const jwk = { ...privateKey.export({ format: "jwk" }), kid: "plugin-1", alg: "EdDSA" };

describe("signing", async () => {
  const folder = await mkdtemp(join(tmpdir(), "dispatch-signing-"));
  after(() => rm(folder, { recursive: true, force: true }));
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const jwks = await file(
    "jwks.json",
    JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "plugin-1", alg: "EdDSA", use: "sig" }] }),
  );
  const keyed = await startTestApi({
    env: { DISPATCH_AUTH_JWKS: jwks, DISPATCH_AUTH_JWT_ISSUER: "plugin", DISPATCH_AUTH_JWT_AUDIENCE: "desk" },
  });
  const shared = await startTestApi({ env: { DISPATCH_AUTH_JWT_SECRET: tokenSecret } });

  const deskOf = (apiUrl: string, signing: object): Desk =>
    openDesk(configured({ apiUrl, signing, owner: dana, timeoutMs: 60_000 }));
  const search = async (desk: Desk) => {
    const { content } = await runTool(desk, toolOf("ticket.search"), {
      toolCallId: "c",
      args: {},
      requester: theOwner,
      sessionKey: null,
      sessionId: null,
    });
    return textOf({ content });
  };
  const status = async (desk: Desk, requester = theOwner) => {
    const { configuration } = desk;
    const { content, details } = await contractStatus(
      {
        plugin: "dispatch",
        version: "1",
        contractHash: contractHash(),
        reading: { configuration, problems: [] },
        desk,
        now: () => keyed.clock.now().getTime(),
      },
      requester,
    );
    return { text: textOf({ content }), details };
  };

  test("names whoever speaks, in any letters, where agents call", async () => {
    const owner = { ...dana, actor: "Zoë 王" };
    const desk = openDesk(
      configured({ apiUrl: shared.url, signing: { secret: tokenSecret }, owner, timeoutMs: 60_000 }),
    );
    const call = { toolCallId: "c", requester: theOwner, sessionKey: null, sessionId: null };
    const said = textOf(await runTool(desk, toolOf("task.list"), { ...call, args: {} }));
    assert.match(said, /^READ task.list/);
  });

  test("by a key file is believed where its public half, the issuer and the audience are known", async () => {
    const keyFile = await file("key.json", JSON.stringify(jwk));
    const desk = deskOf(keyed.url, { keyFile, issuer: "plugin", audience: "desk" });
    assert.match(await search(desk), /^READ ticket\.search/);
    const { text, details } = await status(desk);
    assert.match(text, /everything is there/);
    assert.deepEqual(
      [details["api_reachable"], details["api_contract_hash"], details["actor"], details["problems"]],
      [true, contractHash(), "dana", []],
    );
    assert.match(
      await search(deskOf(keyed.url, { keyFile })),
      /^REFUSED INVALID_AUTH_\w+ ticket\.search/,
      "without issuer and audience",
    );
  });

  test("by a shared secret is believed where it is the same", async () => {
    assert.match(await search(deskOf(shared.url, { secret: tokenSecret })), /^READ ticket\.search/);
  });

  test("by another secret is refused, and the status says what to compare", async () => {
    const desk = deskOf(shared.url, { secret: "x".repeat(32) });
    assert.match(await search(desk), /^REFUSED INVALID_AUTH_TOKEN ticket\.search/);
    const { text, details } = await status(desk);
    assert.match(text, /refuses this plugin's signature: INVALID_AUTH_TOKEN.*config\.signing/);
    assert.deepEqual([details["api_reachable"], details["api_contract_hash"]], [true, null]);
    assert.ok(!text.includes("x".repeat(32)) && !JSON.stringify(details).includes("x".repeat(32)));
  });

  test("by a key that cannot be used FAILED, without a word of the key", async () => {
    const bad = [
      join(folder, "missing.json"),
      await file("text", `${String(jwk.d)} is not JSON`),
      await file("null", "null"),
      await file("public", JSON.stringify({ ...jwk, d: undefined })),
      await file("no-alg", JSON.stringify({ ...jwk, alg: undefined })),
      await file("odd", JSON.stringify({ ...jwk, alg: "none" })),
    ];
    for (const keyFile of bad) {
      const desk = deskOf(keyed.url, { keyFile });
      const { text } = await status(desk);
      for (const said of [await search(desk), text]) {
        assert.match(said, /calls cannot be signed/, keyFile);
        assert.ok(!said.includes(String(jwk.d).slice(0, 8)), said);
      }
      assert.match(await search(desk), /^FAILED ticket\.search: it did not happen\./);
    }
  });

  test("goes on by itself once the key file is there", async () => {
    const keyFile = join(folder, "late.json");
    const desk = deskOf(keyed.url, { keyFile, issuer: "plugin", audience: "desk" });
    assert.match(await search(desk), /^FAILED/);
    await file("late.json", JSON.stringify(jwk));
    assert.match(await search(desk), /^READ/);
  });

  test("makes a token of two minutes for one person in one role, and says what a model chose and a person allowed", async () => {
    const sign = openSigner({ key: { secret: tokenSecret }, issuer: "i", audience: "a" }, () => 1_000_000);
    const person = { actor: "ana", roles: ["tech", "qa"] as const, accounts: ["*"], sites: [], techId: "t" };
    const claims = async (speaking: object): Promise<unknown> =>
      JSON.parse(
        Buffer.from(
          (await sign({ person, role: "tech", viaChat: true, ...speaking })).split(".")[1] ?? "",
          "base64url",
        ).toString(),
      );
    const plain = {
      sub: "ana",
      role: "tech",
      tech_id: "t",
      scope: { account_ids: ["*"], site_ids: [] },
      iat: 1_000,
      exp: 1_120,
      iss: "i",
      aud: "a",
    };
    assert.deepEqual(await claims({ viaChat: false }), { ...plain, actor_type: "HUMAN" });
    const approval = { tool: "ticket.cancel", request_id: "r", approved_by: "olga", at: "t" };
    assert.deepEqual(await claims({ claimedBy: "boss", approval }), {
      ...plain,
      actor_type: "AGENT",
      via: "chat",
      claimed_by: "boss",
      human_approval: approval,
    });
  });

  test("a stranger learns from the status that they are one, and nothing about the desk", async () => {
    const { text, details } = await status(deskOf(shared.url, { secret: tokenSecret }), sender("6"));
    assert.match(text, /whoever speaks here is not known/);
    for (const key of ["base_url", "api_reachable", "api_contract_hash", "profile", "human_approval", "actor"])
      assert.equal(details[key], null, key);
    assert.deepEqual(details["granted_roles"], []);
    assert.ok(!text.includes(shared.url));
  });

  test("a status without configuration names every problem", async () => {
    const reading = readConfiguration({});
    const { content, details } = await contractStatus(
      { plugin: "dispatch", version: "1", contractHash: contractHash(), reading, desk: null },
      nobody,
    );
    assert.match(textOf({ content }), /not configured: apiUrl.*\n.*not configured: signing/);
    assert.deepEqual([details["configured"], details["base_url"]], [false, null]);
  });
});
