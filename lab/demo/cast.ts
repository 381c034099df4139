// Who plays in the demo's story, and how each speaks to the desk.

import { randomUUID } from "node:crypto";
import type { Role } from "../../dispatch/contract/roles.ts";
import { deskOwner } from "../../dispatch/ops/gateway/desk-owner.ts";
import type { GatewayClient } from "../../dispatch/ops/gateway/gateway-client.ts";
import { GatewaySpeaker } from "./gateway-speaker.ts";
import { HttpSpeaker, type Credentials } from "./http-speaker.ts";
import type { Speaker } from "./speaker.ts";

export type Cast = {
  readonly dispatcher: Speaker;
  /** The dispatcher without a model between her and the desk: for what a model may not do alone. */
  readonly herself: Speaker;
  readonly quality: Speaker;
  readonly finance: Speaker;
  /** The technician who is sent. */
  technician(id: string, name: string): Speaker;
  /** A technician whom nobody sent. */
  readonly impostor: Speaker;
  /** The only technician who can speak here; null when anybody can. */
  readonly techId: string | null;
  /** Of the longest label. */
  readonly labelWidth: number;
  /** How these people speak, for the reader of the story. */
  readonly introduction: string | null;
};

const eve = (url: string, credentials: Credentials): Speaker =>
  new HttpSpeaker(url, credentials, { id: "eve.elsewhere", label: "Eve", role: "tech", techId: randomUUID() });

/** Everybody comes to the API with credentials of their own. */
export function castOverHttp(url: string, credentials: Credentials): Cast {
  const person = (id: string, label: string, role: Role) => new HttpSpeaker(url, credentials, { id, label, role });
  const dispatcher = person("dana.dispatcher", "Dana", "dispatcher");
  return {
    dispatcher,
    herself: dispatcher,
    quality: person("quinn.quality", "Quinn", "qa"),
    finance: person("fay.finance", "Fay", "finance"),
    technician: (techId, name) =>
      new HttpSpeaker(url, credentials, {
        id: `tech.${name.toLowerCase().replaceAll(" ", ".")}`,
        label: name.split(" ")[0] ?? "Tech",
        role: "tech",
        techId,
      }),
    impostor: eve(url, credentials),
    techId: null,
    labelWidth: 12,
    introduction: null,
  };
}

/** Dana speaks through the gateway in all of her roles, that of technician Ana too; Eve comes to the API directly, and Dana once. */
export function castThroughGateway(
  client: GatewayClient,
  techId: string,
  api: { url: string; credentials: Credentials },
): Cast {
  const dana = (label: string, role: Role) => new GatewaySpeaker(client, label, role);
  return {
    dispatcher: dana("Dana", "dispatcher"),
    herself: new HttpSpeaker(api.url, api.credentials, {
      id: deskOwner.actor,
      label: "Dana herself",
      role: "dispatcher",
    }),
    quality: dana("Dana as qa", "qa"),
    finance: dana("Dana as finance", "finance"),
    technician: () => dana("Dana as Ana", "tech"),
    impostor: eve(api.url, api.credentials),
    techId,
    labelWidth: 15,
    introduction:
      "Each step is a tool call to the gateway. It speaks for its owner Dana, to whom the demo grants every role of the story\n" +
      "and the technician Ana; only the evidence's bytes, Eve, and what a model may not do alone come to the API directly.",
  };
}
