import { describe, expect, it } from "@jest/globals";
import { attachmentNamed, namesTag, parseByteRange } from "./byte-range.ts";

describe("a range of bytes", () => {
  it.each<[string | undefined, ReturnType<typeof parseByteRange>]>([
    [undefined, null],
    ["bytes=0-0", { first: 0, last: 0 }],
    ["bytes=2-5", { first: 2, last: 5 }],
    ["bytes=2-", { first: 2, last: 9 }],
    ["bytes=2-99", { first: 2, last: 9 }],
    ["bytes=-3", { first: 7, last: 9 }],
    ["bytes=-99", { first: 0, last: 9 }],
    ["bytes=10-", "UNSATISFIABLE"],
    ["bytes=-0", "UNSATISFIABLE"],
    ["bytes=5-2", null],
    ["bytes=0-1,3-4", null],
    ["lines=0-1", null],
    ["bytes=-", null],
    [`bytes=${"9".repeat(400)}-`, null],
  ])("%s of ten is read as RFC 9110 says", (header, range) => {
    expect(parseByteRange(header, 10)).toEqual(range);
  });

  it("of nothing is none", () => expect(parseByteRange("bytes=-1", 0)).toBe("UNSATISFIABLE"));
});

it("tags are compared weakly, in lists and with any", () => {
  expect([
    namesTag('"a", W/"b"', '"b"'),
    namesTag("*", '"b"'),
    namesTag('"a"', '"b"'),
    namesTag(undefined, '"b"'),
  ]).toEqual([...[true, true, false, false]]);
});

it("a name is told in ASCII and as it is, and ends no header", () => {
  expect(attachmentNamed('Umsätze "Q1"\r\n.csv')).toBe(
    `attachment; filename="Ums_tze _Q1___.csv"; filename*=UTF-8''Ums%C3%A4tze%20%22Q1%22%0D%0A.csv`,
  );
});
