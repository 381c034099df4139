// Where the NATS server is and as whom to go there, out of one URL. The client takes host and port alone: what else stands in a URL it
// ignores, or takes for the port, and with tls:// it speaks in the clear (findings/nats-url.sh).

import type { ConnectionOptions } from "@nats-io/transport-node";

export type ServerAddress = {
  /** host:port, which may be shown. */
  readonly shown: string;
  readonly options: Pick<ConnectionOptions, "servers" | "user" | "pass" | "token" | "tls">;
};

const usualPort = "4222";

/** @param url `nats://host:port`, or `tls://…`; with `user:password@`, or `token@`, before the host */
export function serverAddress(url: string): ServerAddress {
  const { protocol, hostname, port, username, password } = new URL(url);
  const shown = `${hostname}:${port || usualPort}`;
  const credentials =
    username === ""
      ? {}
      : password === ""
        ? { token: decoded(username) }
        : { user: decoded(username), pass: decoded(password) };
  // An empty object asks for TLS, and the client then refuses a server without.
  return { shown, options: { servers: shown, ...credentials, ...(protocol === "tls:" && { tls: {} }) } };
}

/** A sign that is no code stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
