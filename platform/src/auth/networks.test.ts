import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { isWithin, parseNetwork } from "./networks.ts";

const number = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

describe("networks", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7/32"],
    [" 203.0.113.0/24 ", "203.0.113.0/24"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:DB8::/32", "2001:db8::/32"],
    ["::1", "::1/128"],
    ["203.0.113.0/33", null],
    ["2001:db8::/129", null],
    ["203.0.113/24", null],
    ["203.0.113.0/024", null],
    ["203.0.113.0/-1", null],
    ["localhost", null],
    ["", null],
    ["fe80::1%eth0", null],
  ])("%j is %j", (text, expected) => {
    expect(parseNetwork(text)).toBe(expected);
  });

  it("an IPv4 address is within exactly when its leading bits are the network's", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), fc.ipV4(), (network, bits, address) => {
        const step = 2 ** (32 - bits);
        const expected = Math.floor(number(network) / step) === Math.floor(number(address) / step);
        expect(isWithin([`${network}/${bits}`], address)).toBe(expected);
        expect(isWithin([`${network}/${bits}`], `::ffff:${address}`)).toBe(expected);
      }),
    );
  });

  it.each([
    ["2001:db8::/32", "2001:db8:1::5", true],
    ["2001:db8::/32", "2001:db9::1", false],
    ["2001:db8::/32", "203.0.113.7", false],
    ["203.0.113.0/24", "", false],
    ["203.0.113.0/24", null, false],
    ["0.0.0.0/0", "nobody", false],
  ])("%s and %s: %s", (network, address, expected) => {
    expect(isWithin(["198.51.100.1/32", network], address)).toBe(expected);
  });
});
