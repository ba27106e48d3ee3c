import { BlockList, isIP } from "node:net";
import { LRUCache } from "lru-cache";

/** Networks a credential may be bound to. */
export const MAX_NETWORKS = 50;
/** Lists kept ready per process, some KB each. */
const MAX_KEPT_LISTS = 1_000;

const families = { 4: { name: "ipv4", bits: 32 }, 6: { name: "ipv6", bits: 128 } } as const;

interface Network {
  readonly address: string;
  readonly bits: number;
  readonly family: "ipv4" | "ipv6";
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** An IPv4 address that came over an IPv6 socket is the IPv4 address (RFC 4291, 2.5.5.2). */
const plain = (address: string): string => MAPPED.exec(address)?.[1] ?? address;

const readNetwork = (text: string): Network | null => {
  const [, address = "", prefix] = /^([0-9A-Fa-f:.]{2,45})(?:\/(0|[1-9][0-9]{0,2}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version !== 4 && version !== 6) return null;
  const { name, bits } = families[version];
  const length = prefix === undefined ? bits : Number(prefix);
  return length > bits ? null : { address: address.toLowerCase(), bits: length, family: name };
};

/** A network in CIDR notation (RFC 4632, RFC 4291) in one spelling; a lone address is a network of one. Null when the text is neither. */
export const parseNetwork = (text: string): string | null => {
  const network = readNetwork(text.trim());
  return network === null ? null : `${network.address}/${network.bits}`;
};

const kept = new LRUCache<string, BlockList>({ max: MAX_KEPT_LISTS });

const listOf = (networks: readonly string[]): BlockList => {
  const key = networks.join(" ");
  const known = kept.get(key);
  if (known !== undefined) return known;
  const list = new BlockList();
  for (const text of networks) {
    const network = readNetwork(text);
    if (network !== null) list.addSubnet(network.address, network.bits, network.family);
  }
  kept.set(key, list);
  return list;
};

/** Whether an address lies in one of the networks; what is no address lies in none. */
export const isWithin = (networks: readonly string[], address: string | null): boolean => {
  const text = plain(address ?? "");
  const version = isIP(text);
  return (version === 4 || version === 6) && listOf(networks).check(text, families[version].name);
};
