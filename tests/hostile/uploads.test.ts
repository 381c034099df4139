// Signed upload addresses: altered, borrowed for another key, climbing out of the folder, sent with other bytes than were
// granted. Only an untouched address takes an upload, and only once; nothing appears in the store but what was granted.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { ticketIn } from "../support/ticket-builder.ts";
import { judge, Tally } from "./answer-rules.ts";
import { startAttackedApi, type AttackedApi } from "./attacked-api.ts";
import { hostileText } from "./hostile-values.ts";
import { inLanes, isFullRun, scaled, shares } from "./lanes.ts";
import { describeRequest, requestBytes, type HttpRequest } from "./request-bytes.ts";

const content = Buffer.concat([Buffer.of(0xff, 0xd8, 0xff, 0xe0), Buffer.from("a photograph")]);

type Change = {
  readonly name: string;
  readonly harmless?: boolean;
  readonly make: (request: HttpRequest) => HttpRequest;
};

const onTarget = (name: string, make: (target: string) => string): Change => ({
  name,
  make: (request) => ({ ...request, target: make(request.target) }),
});
const onBody = (name: string, body: Buffer): Change => ({ name, make: (request) => ({ ...request, body }) });
const withType = (type: string): Change => ({
  name: `type ${type}`,
  make: (request) => ({ ...request, headers: [["Content-Type", type]] }),
});

const climbing = [
  "../upload-secret",
  "..%2fupload-secret",
  "%2e%2e/upload-secret",
  "/etc/passwd",
  "%2fetc%2fpasswd",
  "incoming/%00",
  "incoming%5c..%5cx",
  "incoming/../x",
  ".",
  "",
  "%",
  "incoming/%ff",
  "a".repeat(5_000),
  "con",
  "incoming/x%0d%0ax",
];
const parameter = fc.constantFrom("type", "size", "max", "expires", "signature");
const text = hostileText.map((value) => encodeURIComponent(value.toWellFormed()));

const changes: fc.Arbitrary<Change> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Change>({ name: "nothing", harmless: true, make: (request) => request }) },
  {
    weight: 3,
    arbitrary: fc
      .constantFrom(...climbing)
      .map((key) =>
        onTarget(`key ${key}`, (target) => target.replace(/\/object-store\/[^?]*/, `/object-store/${key}`)),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .nat(35)
      .map((at) =>
        onTarget("another key", (target) =>
          target.replace(
            /[0-9a-f-]{36}(?=\?)/,
            (id) => `${id.slice(0, at)}${id[at] === "0" ? "1" : "0"}${id.slice(at + 1)}`,
          ),
        ),
      ),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(parameter, text)
      .map(([name, value]) =>
        onTarget(`${name} replaced`, (target) => target.replace(new RegExp(`(?<=[?&]${name}=)[^&]*`), value || "x")),
      ),
  },
  {
    weight: 2,
    arbitrary: parameter.map((name) =>
      onTarget(`${name} left out`, (target) => target.replace(new RegExp(`(?<=[?&])${name}=[^&]*&?`), "")),
    ),
  },
  // The first of two counts, for the signature and for the grant alike.
  {
    weight: 1,
    arbitrary: fc
      .tuple(parameter, text)
      .map(([name, value]) => onTarget(`${name} given before`, (target) => target.replace("?", `?${name}=${value}&`))),
  },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom(0, 1, content.length - 1, content.length + 1, 300_000)
      .map((length) => onBody(`${length} bytes`, Buffer.alloc(length, 1))),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("image/png", "IMAGE/JPEG", "image/jpeg; q=1", "", "text/html", "multipart/form-data; boundary=x")
      .map(withType),
  },
);

test("signed upload addresses", async (t) => {
  const api = await startAttackedApi(t, "pilot");
  const grants = await Promise.all(Array.from({ length: 12 }, () => grant(api)));
  const tally = new Tally();
  const taken = new Set<string>();

  const requests = scaled(shares.uploads);
  await inLanes(
    api.port,
    requests,
    fc.tuple(fc.constantFrom(...grants), changes),
    async ([granted, change], { wire }) => {
      const request = change.make(granted);
      const answer = await wire.ask(requestBytes(request));
      if (!answer) assert.fail(`no answer to ${change.name}\n${describeRequest(request)}`);
      const verdict = judge(request, null, answer);
      tally.add(verdict);
      if (verdict.code !== null) return;
      const untouched = request.target === granted.target && request.body === granted.body;
      assert.ok(change.harmless || untouched, `an upload was taken with ${change.name}`);
      assert.ok(!taken.has(granted.target), "one address took two uploads");
      taken.add(granted.target);
    },
  );

  await api.assertWell();
  t.diagnostic(tally.report(requests));
  assert.ok(isFullRun ? taken.size === grants.length : taken.size > 0, "the untouched addresses work");
  await assertOnlyTaken(api, taken);
});

/** An address for an upload, as the request a technician's phone would make of it. */
async function grant(api: AttackedApi): Promise<HttpRequest> {
  const { id } = await ticketIn(api.aside, "DISPATCHED");
  const body = {
    kind: "PHOTO",
    content_type: "image/jpeg",
    size_bytes: content.length,
    sha256: createHash("sha256").update(content).digest("hex"),
  };
  const { url, method } = await api.front.run("closeout.request_upload", { ticket: id, body });
  const { pathname, search } = new URL(url);
  return { method, target: `${pathname}${search}`, headers: [["Content-Type", "image/jpeg"]], body: content };
}

/** What lies in the store's folder: the uploads that were taken, what ordinary work put there, nothing half written. */
async function assertOnlyTaken({ aside }: AttackedApi, taken: ReadonlySet<string>): Promise<void> {
  const root = join(aside.dataDir, "objects");
  assert.deepEqual((await readdir(root)).sort(), ["objects", "temp", "upload-secret"]);
  assert.deepEqual(await readdir(join(root, "temp")), []);
  const incoming = (await readdir(join(root, "objects"))).filter((name) => name.startsWith("incoming"));
  const expected = [...taken].map((target) =>
    encodeURIComponent(target.replace(/^\/object-store\//, "").replace(/\?.*$/, "")),
  );
  assert.deepEqual(incoming.sort(), expected.sort());
}
