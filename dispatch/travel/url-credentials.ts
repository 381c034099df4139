// What `fetch` is given of a configured address: it refuses one that carries a user and a password, which belong in a header.

export type Fetchable = { readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** The address without its user and password, and those as HTTP Basic authentication (RFC 7617). */
export function fetchable(address: string | URL): Fetchable {
  const url = new URL(address);
  const [user, password] = [decoded(url.username), decoded(url.password)];
  url.username = url.password = "";
  const basic = Buffer.from(`${user}:${password}`).toString("base64");
  return { url: url.href, headers: user === "" && password === "" ? {} : { authorization: `Basic ${basic}` } };
}

/** A sign of per cent that begins no code stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
