// `pnpm dispatch:bench:chat`: what does a tool call cost beside the bare API call: in the plugin's code, and through a
// real gateway? And how large is the gateway with the plugin?

import { randomUUID } from "node:crypto";
import { readConfiguration } from "../../plugin/src/configuration.ts";
import { openDesk, type Caller } from "../../plugin/src/desk.ts";
import { nobody } from "../../plugin/src/identity.ts";
import { runTool } from "../../plugin/src/run-tool.ts";
import { toolsByChatName } from "../../plugin/src/tool-catalog.ts";
import { openSigner } from "../../plugin/src/token.ts";
import { startApiProcess } from "./api-process.ts";
import { places } from "./lifecycle.ts";
import { figuresOf, round, type Figures } from "./measure.ts";
import { residentMiB } from "./process-figures.ts";
import { writeReport } from "./report.ts";
import { environmentOf, newDatabase, throwawayServer } from "./throwaway-database.ts";
import { CommandFailure, runCommand, wholeNumber } from "../../dispatch/process/command-line.ts";
import { GatewayClient } from "../../dispatch/ops/gateway/gateway-client.ts";
import { startGateway } from "../../dispatch/ops/gateway/gateway.ts";
import { bundlePlugin, pluginFolder } from "../../dispatch/ops/gateway/bundle.ts";

const say = (line: string): void => console.error(line);
const owner = { actor: "bench", roles: ["dispatcher"], accounts: ["*"], sites: ["*"] } as const;
const requester = { ...nobody, owner: true };

type Way = { readonly name: string; readonly read: () => Promise<unknown>; readonly create: () => Promise<unknown> };
type Row = { readonly way: string; readonly call: string; readonly figures: Figures; readonly times_bare: number };

export const benchChatCommand = (): Promise<void> =>
  runCommand(
    {
      name: "pnpm dispatch:bench:chat",
      about:
        "Measures one tool call at a time: bare over HTTP, through the plugin's code, and through a real " +
        "OpenClaw gateway, in turn. Prints a table, then JSON.",
      options: { calls: { type: "string" }, json: { type: "string" } },
      meanings: { calls: "calls of each kind and way (default 300)", json: "also write the JSON to this file" },
    },
    async (values) => {
      const calls = wholeNumber("calls", values.calls, 300);
      const secret = randomUUID() + randomUUID();
      await using ends = new AsyncDisposableStack();
      const { url, folder } = await throwawayServer(ends, say);
      const api = await startApiProcess({
        ...environmentOf(await newDatabase(url), folder),
        DISPATCH_AUTH_JWT_SECRET: secret,
      });
      ends.defer(() => api.stop());
      await bundlePlugin();
      const gateway = await startGateway({
        dataDir: folder,
        apiUrl: api.url,
        signing: { secret },
        owner,
        pluginPath: pluginFolder,
        port: 0,
        say,
      });
      ends.defer(() => gateway.stop());

      const ways = await waysTo(api.url, secret, new GatewayClient(gateway.url, gateway.token));
      const rows = await measure(ways, calls);
      const gatewayMiB = await residentMiB(gateway.pid);
      print(rows, gatewayMiB);
      await writeReport({ rows, gateway_rss_mib: gatewayMiB }, values.json);
      return 0;
    },
  );

/** The same two calls, a read and a command, by each of the three ways. */
async function waysTo(apiUrl: string, secret: string, gateway: GatewayClient): Promise<Way[]> {
  const { configuration } = readConfiguration({ apiUrl, signing: { secret }, owner });
  if (!configuration?.owner) throw new Error("the benchmark's own configuration is not accepted");
  const caller: Caller = { person: configuration.owner, role: "dispatcher", viaChat: true };
  const token = await openSigner(configuration.signing)(caller);
  const ticket = { account_id: places.accountId, site_id: places.siteId, summary: "Front door does not lock" };

  const bare = async (method: string, path: string, body?: object) => {
    const response = await fetch(`${apiUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        ...(body && { "idempotency-key": randomUUID() }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer: { id?: string } = JSON.parse(await response.text());
    if (!response.ok || !answer.id)
      throw new CommandFailure(`the API answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer.id;
  };
  const ticketId = await bare("POST", "/tickets", ticket);
  const desk = openDesk(configuration);
  const inPlugin = async (chatName: string, args: object) => {
    const tool = toolsByChatName.get(chatName);
    if (!tool) throw new Error(`there is no tool ${chatName}`);
    const { details } = await runTool(desk, tool, {
      toolCallId: randomUUID(),
      args,
      requester,
      sessionKey: null,
      sessionId: null,
    });
    requireDone(details);
  };
  const throughGateway = async (tool: string, args: { readonly [field: string]: unknown }) =>
    requireDone((await gateway.invoke(tool, args)).details);
  return [
    {
      name: "bare API",
      read: () => bare("GET", `/tickets/${ticketId}`),
      create: () => bare("POST", "/tickets", ticket),
    },
    {
      name: "plugin's code",
      read: () => inPlugin("ticket_get", { ticket_id: ticketId }),
      create: () => inPlugin("ticket_create", { ...ticket, request_id: randomUUID() }),
    },
    {
      name: "gateway and plugin",
      read: () => throughGateway("ticket_get", { ticket_id: ticketId }),
      create: () => throughGateway("ticket_create", { ...ticket, request_id: randomUUID() }),
    },
  ];
}

function requireDone(details: { readonly [key: string]: unknown }): void {
  if (details["outcome"] !== "done" && details["outcome"] !== "read")
    throw new CommandFailure(`a tool call came to ${JSON.stringify(details).slice(0, 500)}`);
}

/** In turn, so that whatever else the machine does falls on all ways alike. */
async function measure(ways: readonly Way[], calls: number): Promise<Row[]> {
  const rows: Row[] = [];
  for (const call of ["read", "create"] as const) {
    const took = ways.map((): number[] => []);
    for (let turn = -20; turn < calls; turn++) {
      for (const [at, way] of ways.entries()) {
        const begun = performance.now();
        await way[call]();
        // The first turns warm everything up.
        if (turn >= 0) took[at]?.push(performance.now() - begun);
      }
    }
    const figures = took.map((durations) => figuresOf(durations, durations.reduce((sum, ms) => sum + ms, 0) / 1000));
    const bare = figures[0]?.p50_ms ?? 1;
    rows.push(
      ...ways.flatMap(({ name }, at) => {
        const one = figures[at];
        return one
          ? [
              {
                way: name,
                call: call === "read" ? "ticket.get" : "ticket.create",
                figures: one,
                times_bare: round(one.p50_ms / bare, 2),
              },
            ]
          : [];
      }),
    );
  }
  return rows;
}

function print(rows: readonly Row[], gatewayMiB: number | null): void {
  console.log(
    `\none call at a time\n\n${"".padEnd(36)}${"p50".padStart(13)}${"p99".padStart(13)}${"p50 / bare".padStart(13)}`,
  );
  for (const { way, call, figures, times_bare } of rows) {
    console.log(
      `${`${call}, ${way}`.padEnd(36)}${figures.p50_ms.toFixed(2).padStart(10)} ms` +
        `${figures.p99_ms.toFixed(2).padStart(10)} ms${times_bare.toFixed(2).padStart(13)}`,
    );
  }
  console.log(`\ngateway with the plugin: ${gatewayMiB ?? "?"} MiB resident\n`);
}
