import { beforeEach, describe, expect, it } from "@jest/globals";
import { randomBytes } from "node:crypto";
import type { Caller } from "@tessera/contracts/caller";
import { callerWith, freshTenantId } from "../testing/ask-subgraph.ts";
import { createClientAddress } from "../http/client-address.ts";
import { newApiKey, type PresentedApiKey } from "./api-key.ts";
import { createAuthenticator, type Authenticator } from "./authenticator.ts";
import { MAX_LOOKUPS, REFUSED_FOR_MS, VERIFIED_FOR_MS } from "./verdicts.ts";

const key = newApiKey(randomBytes).secret;
const header = `Bearer ${key}`;
const caller = callerWith(freshTenantId(), ["tenant:read"]);

let nowMs: number;
let lookups: PresentedApiKey[];
let verdict: () => Promise<Caller | null>;
let authenticate: Authenticator;

beforeEach(() => {
  nowMs = 1_000_000;
  lookups = [];
  verdict = () => Promise.resolve(caller);
  authenticate = createAuthenticator({
    verifyApiKey: (presented) => {
      lookups.push(presented);
      return verdict();
    },
    nowMs: () => nowMs,
  });
});

const refusalOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "let in",
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );

describe("credentials that are refused without a lookup", () => {
  it.each([
    ["no header", undefined],
    ["an empty header", ""],
    ["another scheme", `Basic ${key}`],
    ["a bare key", key],
    ["two credentials", `Bearer ${key} ${key}`],
    ["a mistyped key", `Bearer ${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}`],
    ["a JWT", "Bearer eyJhbGciOiJub25lIn0.e30."],
    ["an endless token", `Bearer ${"x".repeat(100_000)}`],
  ])("%s", async (_name, authorization) => {
    expect(await refusalOf(authenticate(authorization))).toBe("UNAUTHENTICATED");
    expect(lookups).toEqual([]);
  });

  it("the scheme is taken in any case (RFC 9110)", async () => {
    expect(await authenticate(`bearer ${key}`)).toBe(caller);
    expect(await authenticate(`BEARER  ${key}`)).toBe(caller);
  });
});

describe("what is remembered", () => {
  it("the key itself is never handed on, only its id and SHA-256", async () => {
    await authenticate(header);
    expect(JSON.stringify(lookups)).not.toContain(key.slice(26));
    expect(Object.keys(lookups[0] ?? {}).toSorted()).toEqual(["credentialHash", "keyId"]);
  });

  it("a verified key is asked for once in five seconds, counted from the question", async () => {
    await authenticate(header);
    nowMs += VERIFIED_FOR_MS - 1;
    await authenticate(header);
    expect(lookups).toHaveLength(1);
    nowMs += 1;
    await authenticate(header);
    expect(lookups).toHaveLength(2);
  });

  it("a slow lookup shortens how long its answer is believed", async () => {
    verdict = () => {
      nowMs += 4_000;
      return Promise.resolve(caller);
    };
    await authenticate(header);
    nowMs += 1_000;
    await authenticate(header);
    expect(lookups).toHaveLength(2);
  });

  it("a revoked key is refused at the latest five seconds after it was last verified", async () => {
    await authenticate(header);
    verdict = () => Promise.resolve(null);
    nowMs += VERIFIED_FOR_MS;
    expect(await refusalOf(authenticate(header))).toBe("UNAUTHENTICATED");
  });

  it("a refused key is asked for once in a second, so that a new key soon works", async () => {
    verdict = () => Promise.resolve(null);
    expect(await refusalOf(authenticate(header))).toBe("UNAUTHENTICATED");
    nowMs += REFUSED_FOR_MS - 1;
    expect(await refusalOf(authenticate(header))).toBe("UNAUTHENTICATED");
    expect(lookups).toHaveLength(1);
    verdict = () => Promise.resolve(caller);
    nowMs += 1;
    expect(await authenticate(header)).toBe(caller);
  });

  it("a key that expires while it is remembered is refused from that moment", async () => {
    const expiring = { ...caller, expiresAtMs: nowMs + 100 };
    verdict = () => Promise.resolve(expiring);
    expect(await authenticate(header)).toBe(expiring);
    nowMs += 100;
    expect(await refusalOf(authenticate(header))).toBe("UNAUTHENTICATED");
  });

  it("a failed lookup is not remembered, and is not an answer about the key", async () => {
    verdict = () => Promise.reject(new Error("unreachable"));
    await expect(authenticate(header)).rejects.toThrow("unreachable");
    verdict = () => Promise.resolve(caller);
    expect(await authenticate(header)).toBe(caller);
  });

  it("the answer about one key is never the answer about another", async () => {
    await authenticate(header);
    verdict = () => Promise.resolve(null);
    expect(await refusalOf(authenticate(`Bearer ${newApiKey(randomBytes).secret}`))).toBe("UNAUTHENTICATED");
    expect(await authenticate(header)).toBe(caller);
  });
});

describe("lookups under way", () => {
  const held = () => {
    let release: (found: Caller | null) => void = () => undefined;
    verdict = () => new Promise((resolve) => (release = resolve));
    return { release: (found: Caller | null) => release(found) };
  };

  it("one key is looked up once however many ask at the same time", async () => {
    const lookup = held();
    const asked = Array.from({ length: 100 }, () => authenticate(header));
    await Promise.resolve();
    lookup.release(caller);
    expect(new Set(await Promise.all(asked))).toEqual(new Set([caller]));
    expect(lookups).toHaveLength(1);
  });

  it("a lookup that began more than a second ago is not joined", async () => {
    const first = held();
    const early = authenticate(header);
    nowMs += REFUSED_FOR_MS;
    const second = held();
    const late = authenticate(header);
    await Promise.resolve();
    second.release(null);
    expect(await refusalOf(late)).toBe("UNAUTHENTICATED");
    expect(lookups).toHaveLength(2);
    first.release(caller);
    await early.catch(() => undefined);
  });

  it("more keys than may be looked up at once are refused with OVERLOADED, and let in again afterwards", async () => {
    const releases: ((found: Caller | null) => void)[] = [];
    verdict = () => new Promise((resolve) => releases.push(resolve));
    const fresh = () => authenticate(`Bearer ${newApiKey(randomBytes).secret}`);
    const busy = Array.from({ length: MAX_LOOKUPS }, fresh);
    expect(await refusalOf(fresh())).toBe("OVERLOADED");
    for (const release of releases) release(caller);
    await Promise.all(busy);
    verdict = () => Promise.resolve(caller);
    expect(await fresh()).toBe(caller);
  });
});

describe("a credential that is bound to networks", () => {
  const from = (peerAddress: string | null, forwardedFor?: string) => ({
    ...{ method: "GET", path: "/", proof: undefined },
    ...{ peerAddress, forwardedFor },
  });
  const bound = { ...caller, networks: ["203.0.113.0/24", "2001:db8::/32"] };

  it("is let in from them alone, whoever asked before", async () => {
    verdict = () => Promise.resolve(bound);
    expect(await authenticate(header, from("203.0.113.9"))).toBe(bound);
    expect(await refusalOf(authenticate(header, from("198.51.100.9")))).toBe("FORBIDDEN");
    expect(await authenticate(header, from("::ffff:203.0.113.10"))).toBe(bound);
    expect(await authenticate(header, from("2001:db8::5"))).toBe(bound);
    expect(await refusalOf(authenticate(header, from(null)))).toBe("FORBIDDEN");
    expect(await refusalOf(authenticate(header))).toBe("FORBIDDEN");
    expect(lookups).toHaveLength(1);
  });

  it("is known by what a trusted proxy forwarded, and never by what anybody else wrote", async () => {
    verdict = () => Promise.resolve(bound);
    expect(await refusalOf(authenticate(header, from("198.51.100.9", "203.0.113.9")))).toBe("FORBIDDEN");
    const behindProxy = createAuthenticator({
      verifyApiKey: verdict,
      nowMs: () => nowMs,
      clientAddress: createClientAddress(["198.51.100.9"]),
    });
    expect(await behindProxy(header, from("198.51.100.9", "203.0.113.9"))).toBe(bound);
    expect(await refusalOf(behindProxy(header, from("198.51.100.9", "203.0.113.9, 192.0.2.1")))).toBe("FORBIDDEN");
    expect(await refusalOf(behindProxy(header, from("192.0.2.1", "203.0.113.9")))).toBe("FORBIDDEN");
  });
});
