// An e-mail address as it is kept: trimmed, its domain in lower case. What stands before the @ is the receiver's own, and stays.

const shape = /^[^\s@]+@[^\s@]+$/;

/** @returns null for what is no address */
export function readEmail(written: string): string | null {
  const email = written.trim();
  if (!shape.test(email)) return null;
  const at = email.lastIndexOf("@");
  return `${email.slice(0, at)}${email.slice(at).toLowerCase()}`;
}
