import { isIP } from "node:net";

/** Where a request comes from, as widely as one attacker reaches: an IPv4 address and its /24, an IPv6 /64 and its /48. */
export interface Origin {
  readonly host: string;
  readonly network: string;
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** Groups of 16 bits in an IPv6 address. */
const GROUPS = 8;

const groupsOf = (address: string): readonly string[] => {
  // The parser of URLs writes an address in one spelling (RFC 5952).
  const text = new URL(`http://[${address.split("%")[0] ?? ""}]/`).hostname.slice(1, -1);
  const [head = "", tail] = text.split("::");
  const before = head === "" ? [] : head.split(":");
  const after = tail === undefined || tail === "" ? [] : tail.split(":");
  return [...before, ...Array.from({ length: GROUPS - before.length - after.length }, () => "0"), ...after];
};

/** The origin of an address; null when it is none. Who has an IPv6 address has its whole /64 (RFC 6177), so that counts as one. */
export const originOf = (address: string): Origin | null => {
  const plain = MAPPED.exec(address)?.[1] ?? address;
  const version = isIP(plain);
  if (version === 4) return { host: plain, network: `${plain.split(".").slice(0, 3).join(".")}.0/24` };
  if (version !== 6) return null;
  const groups = groupsOf(plain);
  return { host: `${groups.slice(0, 4).join(":")}::/64`, network: `${groups.slice(0, 3).join(":")}::/48` };
};
