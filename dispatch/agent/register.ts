// Puts an agent on the roster and makes it a token, where this process may do so.

import { callMs, DeskRefused, reasonOf, refusedBy } from "./desk-client.ts";

type Wanted = { readonly slug: string } & { readonly [field: string]: string | number };

type Registering = {
  /** The admin token; null on a desk that believes names. */
  readonly admin: string | null;
  readonly say?: (line: string) => void;
};

/**
 * With the admin token, or on a desk that believes names; on one that does not, the agent's own token must be given.
 * @returns its token; null on a desk that needs none
 * @throws DeskRefused
 */
export async function register(url: string, wanted: Wanted, { admin, say }: Registering): Promise<string | null> {
  const post = async (path: string, body: object): Promise<{ token?: string }> => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method: "POST",
      redirect: "error",
      signal: AbortSignal.timeout(callMs),
      headers: {
        "x-agent-id": "admin",
        "content-type": "application/json",
        ...(admin !== null && { authorization: `Bearer ${admin}` }),
      },
      body: JSON.stringify(body),
    }).catch((error: unknown) => {
      throw new DeskRefused(0, "UNREACHABLE", `${url} does not answer: ${reasonOf(error)}`);
    });
    const text = await response.text();
    if (!response.ok) {
      const refused = refusedBy(response, text);
      throw admin === null && (response.status === 401 || response.status === 403) ? withWayOut(refused) : refused;
    }
    return JSON.parse(text);
  };
  await post("/agents", wanted);
  say?.("is on the roster");
  if (admin === null) return null;
  return (await post(`/agents/${wanted.slug}/token`, {})).token ?? null;
}

const withWayOut = ({ status, code, message }: DeskRefused): DeskRefused =>
  new DeskRefused(
    status,
    code,
    `${message} Set DISPATCH_AGENT_TOKEN to this agent's token, or DISPATCH_ADMIN_TOKEN, with which one is made.`,
  );
