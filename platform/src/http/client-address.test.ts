import { describe, expect, it } from "@jest/globals";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { createClientAddress } from "./client-address.ts";

const request = (remoteAddress: string, forwarded?: string): IncomingMessage => {
  const socket = new Socket();
  Object.defineProperty(socket, "remoteAddress", { value: remoteAddress });
  const incoming = new IncomingMessage(socket);
  if (forwarded !== undefined) incoming.headers["x-forwarded-for"] = forwarded;
  return incoming;
};

describe("the address a request came from", () => {
  it.each<[string, readonly string[], string, string | undefined, string]>([
    ["is that of the connection", [], "192.0.2.1", undefined, "192.0.2.1"],
    ["is not what a stranger says", [], "192.0.2.1", "203.0.113.9", "192.0.2.1"],
    ["is not what an untrusted hop says", ["10.0.0.0/8"], "192.0.2.1", "203.0.113.9", "192.0.2.1"],
    ["is what a trusted proxy says", ["10.0.0.0/8"], "10.1.2.3", "203.0.113.9", "203.0.113.9"],
    [
      "is the last one no trusted hop vouches for",
      ["10.0.0.0/8"],
      "10.1.2.3",
      "1.1.1.1, 203.0.113.9, 10.9.9.9",
      "203.0.113.9",
    ],
    ["is that of the proxy when it forwards none", ["loopback"], "127.0.0.1", undefined, "127.0.0.1"],
    ["is IPv4 though it came over IPv6", [], "::ffff:192.0.2.1", undefined, "192.0.2.1"],
    ["may be IPv6", ["::1"], "::1", "2001:db8::7", "2001:db8::7"],
  ])("%s", (_title, trusted, remote, forwarded, expected) => {
    expect(createClientAddress(trusted)(request(remote, forwarded))).toBe(expected);
  });

  it("is that of the connection when the header is longer than any chain of proxies", () => {
    expect(createClientAddress(["loopback"])(request("127.0.0.1", "9.9.9.9,".repeat(500)))).toBe("127.0.0.1");
  });

  it("is told apart from text: an entry that is no address is never believed", () => {
    for (const text of ["<script>", "1.2.3.4.5", "203.0.113.9:80 x", ",", " "])
      expect(createClientAddress(["loopback"])(request("127.0.0.1", text))).toBe("127.0.0.1");
  });

  it("is not guessed from a setting that is none", () => {
    expect(() => createClientAddress(["10.0.0.0/99"])).toThrow();
  });
});
