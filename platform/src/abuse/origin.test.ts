import { describe, expect, it } from "@jest/globals";
import { originOf } from "./origin.ts";

describe("the origin of an address", () => {
  it.each([
    ["192.0.2.77", "192.0.2.77", "192.0.2.0/24"],
    ["::ffff:192.0.2.77", "192.0.2.77", "192.0.2.0/24"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"],
    ["2001:DB8:0001:0002::1", "2001:db8:1:2::/64", "2001:db8:1::/48"],
    ["::1", "0:0:0:0::/64", "0:0:0::/48"],
    ["fe80::1%eth0", "fe80:0:0:0::/64", "fe80:0:0::/48"],
  ])("%s is %s in %s", (address, host, network) => {
    expect(originOf(address)).toEqual({ host, network });
  });

  it("what is no address has none", () => {
    expect(["", "localhost", "1.2.3", "1.2.3.4.5", "::g"].map(originOf)).toEqual([null, null, null, null, null]);
  });
});
