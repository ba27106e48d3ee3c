import { describe, expect, it } from "@jest/globals";
import { apacheTime, parseApacheLine } from "./apache-log.ts";

const line = (parts: { request?: string; agent?: string; bytes?: string; user?: string } = {}): string =>
  `83.149.9.216 - ${parts.user ?? "-"} [17/May/2015:10:05:03 +0200] "${parts.request ?? "GET /a?b=c HTTP/1.1"}" 200 ${parts.bytes ?? "203023"} "http://example.com/" "${parts.agent ?? "Mozilla/5.0"}"`;

describe("Apache's combined log format", () => {
  it("a complete line gives every part", () => {
    expect(parseApacheLine(line({ user: "frank" }))).toEqual({
      ip: "83.149.9.216",
      user: "frank",
      time: "2015-05-17T10:05:03+02:00",
      method: "GET",
      url: "/a?b=c",
      protocol: "HTTP/1.1",
      status: 200,
      bytes: 203_023,
      referrer: "http://example.com/",
      userAgent: "Mozilla/5.0",
    });
  });

  it.each([
    [
      "escaped quotes in the agent",
      line({ agent: String.raw`say \"hi\" \\o/` }),
      { userAgent: String.raw`say "hi" \o/` },
    ],
    ["no bytes", line({ bytes: "-" }), { bytes: null }],
    ["an empty agent", line({ agent: "-" }), { userAgent: "" }],
    ["a request without protocol (HTTP/0.9)", line({ request: "GET /" }), { url: "/", protocol: "" }],
    ["a connection that sent nothing", line({ request: "-" }), { method: "", url: "" }],
    [
      "the common format",
      '::1 - - [17/May/2015:10:05:03 +0000] "GET / HTTP/1.0" 404 12',
      { status: 404, referrer: "", userAgent: "" },
    ],
  ])("%s", (_title, text, expected) => {
    expect(parseApacheLine(text)).toMatchObject(expected);
  });

  it.each([
    ["an unclosed quote", line().slice(0, -1)],
    ["nothing", ""],
    ["a day that does not exist", line().replace("17/May", "31/Jun")],
    ["a request of one word", line({ request: "GARBAGE" })],
    ["no status", line().replace(" 200 ", " ")],
  ])("%s is malformed, with a reason", (_title, text) => {
    expect(typeof parseApacheLine(text)).toBe("string");
  });

  it("months are names of three letters and nothing else", () => {
    expect(apacheTime("01/Feb/2016:00:00:00 -0130")).toBe("2016-02-01T00:00:00-01:30");
    expect(apacheTime("01/02/2016:00:00:00 +0000")).toBeNull();
  });
});
