// Preloaded into a process of the product (`--import <this>?<name>=<port>&...`): as far as the process can tell the names lead to a public address, and connections to them end on this machine.
import dns from "node:dns/promises";
import { syncBuiltinESMExports } from "node:module";
import net from "node:net";

const PUBLIC = { address: "93.184.215.14", family: 4 };
const ports = new Map(new URL(import.meta.url).searchParams);

const { lookup } = dns;
dns.lookup = (name, options) => (ports.has(name) ? Promise.resolve([PUBLIC]) : lookup(name, options));
syncBuiltinESMExports();

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function connectHere(...given) {
  const [options, ...others] = given;
  const port = typeof options === "object" && options !== null ? ports.get(options.host) : undefined;
  if (port === undefined) return connect.apply(this, given);
  return connect.call(this, { ...options, host: "127.0.0.1", port: Number(port), lookup: undefined }, ...others);
};
