// Puts an agent on the roster and makes it a token, where this process may do so.

import { DeskRefused, refusedBy } from "./desk-client.ts";

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
      headers: {
        "x-agent-id": "admin",
        "content-type": "application/json",
        ...(admin !== null && { authorization: `Bearer ${admin}` }),
      },
      body: JSON.stringify(body),
    }).catch((error: unknown) => {
      throw new DeskRefused(0, "UNREACHABLE", `${url} does not answer: ${String(error)}`);
    });
    const text = await response.text();
    if (!response.ok) throw refusedBy(response, text);
    return JSON.parse(text);
  };
  await post("/agents", wanted);
  say?.("is on the roster");
  if (admin === null) return null;
  return (await post(`/agents/${wanted.slug}/token`, {})).token ?? null;
}
