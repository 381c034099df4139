// Which addresses lie in this machine or its network, or are nobody's: where nothing is sent because somebody with an HTTP call asked.

import { BlockList, isIP } from "node:net";

const notPublic = new BlockList();
for (const [net, bits] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const)
  notPublic.addSubnet(net, bits, "ipv4");
// Public are 2000::/3, but for what stands for an IPv4 address, is tunnelled or is kept for examples.
for (const [net, bits] of [
  ["::", 3],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["4000::", 2],
  ["8000::", 1],
] as const)
  notPublic.addSubnet(net, bits, "ipv6");

/** Whether an IP address is one that only this machine or its network reaches. */
export const isPrivateAddress = (address: string): boolean =>
  notPublic.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

/** Whether a URL names such an address by itself; what its name leads to is asked when something is sent. */
export function namesPrivateAddress(url: string): boolean {
  const name = new URL(url).hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  return isIP(name) > 0 ? isPrivateAddress(name) : name === "localhost" || name.endsWith(".localhost");
}
