import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { indicatorHash, plainForm } from "./plain-form.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("an identifier has one form, however it is written", () => {
  test.each([
    [
      "EMAIL",
      ["Ann@Example.com", " ann@example.COM ", sha256("ann@example.com"), sha256("ann@example.com").toUpperCase()],
    ],
    ["CARD", ["4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111", sha256("4111111111111111")]],
    ["CARD", ["tok_1Nabcdefgh12345678", " tok_1Nabcdefgh12345678 "]],
    ["DEVICE", ["6D92078A-8246-4BA4-AE5B-76104861E7DC", "6d92078a-8246-4ba4-ae5b-76104861e7dc"]],
    ["IP", ["93.184.216.34", "::ffff:93.184.216.34", "::FFFF:93.184.216.34"]],
    ["IP", ["2a00:1450:4001:81b::200e", "2A00:1450:4001:081B:0:0:0:1", "2a00:1450:4001:81b:ffff:ffff:ffff:ffff"]],
    ["IP", ["2a00::1", "2a00:0:0:0:1::", "2a00:0000::2"]],
  ] as const)("of %s: %j", (kind, texts) => {
    const forms = new Set(texts.map((text) => plainForm(kind, text)));
    expect([...forms]).toEqual([expect.any(String)]);
  });

  test.each([
    ["IP", "2a00:1450:4001:81b::1", "2a00:1450:4001:81c::1"],
    ["DEVICE", "fingerprint-AbCdEf012345", "fingerprint-abcdef012345"],
    ["EMAIL", "ann@example.com", "ann+shop@example.com"],
  ] as const)("of %s, %s is another than %s", (kind, one, other) => {
    expect(plainForm(kind, one)).not.toBe(plainForm(kind, other));
  });
});

test.each([
  ...[["CARD", "4111111111111112"] as const, ["CARD", "1111"] as const, ["CARD", "************1111"] as const],
  ...[
    ["CARD", "411111******1111"] as const,
    ["DEVICE", "iPhone 14 Pro Max 256"] as const,
    ["DEVICE", "iPhone"] as const,
  ],
  ...[["DEVICE", "00000000-0000-0000-0000-000000000000"] as const, ["DEVICE", "aaaaaaaaaaaaaaaaaaaa"] as const],
  ...[
    ["IP", "10.1.2.3"] as const,
    ["IP", "192.168.0.1"] as const,
    ["IP", "127.0.0.1"] as const,
    ["IP", "::1"] as const,
  ],
  ...[["IP", "fe80::1%eth0"] as const, ["IP", "fd00::1"] as const, ["IP", "somewhere"] as const, ["IP", ""] as const],
  ...[["EMAIL", "nobody"] as const, ["EMAIL", "a b@c.d"] as const],
])("what names nobody is no identifier: %s %s", (kind, text) => {
  expect(plainForm(kind, text)).toBeNull();
});

test("what is too long is no identifier", () => {
  expect(plainForm("EMAIL", `${"a".repeat(250)}@example.com`)).toBeNull();
  expect([plainForm("DEVICE", "x1y2".repeat(256)), plainForm("DEVICE", "x1y2".repeat(257))]).toEqual([
    expect.any(String),
    null,
  ]);
});

test("hashes of different keys, kinds and identifiers tell nothing of each other", () => {
  const [one, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const hashes = [one, other].flatMap((key) =>
    (["CARD", "EMAIL"] as const).flatMap((kind) =>
      ["sha256:a", "sha256:b"].map((form) => indicatorHash(key, kind, form).toString("hex")),
    ),
  );
  expect(new Set(hashes).size).toBe(8);
  expect(indicatorHash(one, "IP", "v4:93.184.216.34")).toHaveLength(32);
});
