// Which addresses events may be sent to.

const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/**
 * Why nothing may be sent to an address; null when it may. In-house addresses are the operator's to choose, so only the
 * form is judged.
 */
export function urlFault(text: string, production: boolean): string | null {
  if (!URL.canParse(text)) return "is no URL";
  const { protocol, username, password, hash, hostname } = new URL(text);
  if (protocol !== "https:" && protocol !== "http:") return "must begin with https://";
  if (username !== "" || password !== "") return "must hold no user and password: they would end up in logs";
  if (hash !== "") return "must hold no fragment: it is never sent";
  if (protocol === "http:" && production && !loopback.test(hostname))
    return "must begin with https://, since events leave this machine";
  return null;
}
