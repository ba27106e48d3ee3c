import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from "@jest/globals";
import { createHash, randomBytes, randomUUID } from "node:crypto";
import { newApiKey } from "@tessera/platform/auth/api-key";
import { createKeyedHash } from "@tessera/platform/auth/keyed-hash";
import { untilReadable } from "@tessera/platform/testing/readable-log";
import { createReportFailures, type ReportedFailure } from "./operations/report-failures.ts";
import { createCredentialStore } from "./store/credential-store.ts";
import { createSecurityStore } from "./store/security-store.ts";
import { createTenantHistory } from "./store/tenant-history.ts";
import { abuseIn, EVENTS, LIFT } from "./testing/abuse-room.ts";
import { openAdministrationRoom, type AdministrationRoom } from "./testing/administration-room.ts";

// Many operations wait for few processors; the bound is on the test, not on the product.
jest.setTimeout(120_000);

const pepper = "a pepper for tests, long enough to be one";
let room: AdministrationRoom;
let abuse: ReturnType<typeof abuseIn>;

beforeAll(() => {
  room = openAdministrationRoom();
  abuse = abuseIn(room);
});
beforeEach(() => room.renew());
afterAll(() => room.test.close());

describe("wrong credentials", () => {
  const hash = (text: string): string => createHash("sha256").update(text).digest("hex");
  // Other tests share the installation's log: each has an address, and a network, of its own.
  const newAddress = (): string => {
    const [a = 0, b = 0] = randomBytes(2);
    return `10.${a}.${b}.7`;
  };
  const report = async (failures: readonly Partial<ReportedFailure>[]) => {
    const { sql, eventLog } = room.test.resources;
    const security = createSecurityStore({ sql, eventLog, history: createTenantHistory(sql) });
    const credentials = createCredentialStore(sql);
    const tell = createReportFailures({
      ...{ credentials, eventLog, security, nowMs: () => room.nowMs },
      keyedHash: createKeyedHash(pepper),
    });
    const at = new Date(room.nowMs).toISOString();
    const whole = failures.map((part) => ({
      failureId: randomUUID(),
      address: "",
      token: false,
      tried: "",
      at,
      ...part,
    }));
    await tell(whole);
    // The same report again, as after a lost answer.
    await tell(whole);
    await untilReadable(room.test.owner);
    await abuse.watch().failures.drain();
    return tell([]);
  };
  const keys = (address: string, count: number) =>
    Array.from({ length: count }, () => {
      const { keyId, credentialHash } = newApiKey(randomBytes);
      return { address, keyId, tried: credentialHash };
    });

  it("of keys nobody has block the address, which operators alone see and lift", async () => {
    const address = newAddress();
    const few = await report(keys(address, 4));
    expect(few.filter(({ source }) => source.id === address)).toEqual([]);
    const held = await report(keys(address, 1));
    expect(held.filter(({ source }) => source.id === address)).toMatchObject([
      { kind: "KEY_SCANNING", level: "BLOCKED", source: { kind: "ADDRESS", id: address }, strikes: 1 },
    ]);
    const filter = { sourceId: address };
    expect((await abuse.events(room.operator, { installation: true, filter })).nodes).toMatchObject([
      { kind: "KEY_SCANNING", measured: 5, bound: 5 },
    ]);
    expect((await abuse.events(room.manager)).nodes).toEqual([]);
    expect(await room.refusalOf(room.manager, EVENTS, { installation: true })).toBe("FORBIDDEN");
    const throttle = held.find(({ source }) => source.id === address);
    const input = { id: throttle?.id, reason: "A test of ours.", installation: true };
    expect(await room.refusalOf(room.manager, LIFT, { input })).toBe("FORBIDDEN");
    expect((await room.ask(room.operator, LIFT, { input }))["liftThrottle"]).toMatchObject({
      __typename: "ThrottleLifted",
    });
    expect((await report([])).filter(({ source }) => source.id === address)).toEqual([]);
  });

  it("the same wrong key again and again is one", async () => {
    const address = newAddress();
    const { keyId, credentialHash } = newApiKey(randomBytes);
    const held = await report(Array.from({ length: 30 }, () => ({ address, keyId, tried: credentialHash })));
    expect(held.filter(({ source }) => source.id === address)).toEqual([]);
  });

  it("guessed at a tenant's key are told to that tenant, by a fifth of what blocks the address; the right key is no guess", async () => {
    const address = newAddress();
    const { keyId, credentialHash } = newApiKey(randomBytes);
    await room.test.owner.query(
      `INSERT INTO api_key (id, tenant_id, name, key_hash, permissions, created_by_kind, created_by_id, revoked_at)
       VALUES ($1, $2, 'x', $3, '{tenant:read}', 'SERVICE', 'test', now())`,
      [keyId, room.tenantId, createKeyedHash(pepper).of(credentialHash)],
    );
    await report([
      { address, keyId, tried: credentialHash },
      { address, keyId, tried: hash("one") },
    ]);
    expect((await abuse.events(room.manager)).nodes).toEqual([]);
    await report([{ address, keyId, tried: hash("two") }]);
    expect((await abuse.events(room.manager)).nodes).toMatchObject([
      { kind: "CREDENTIAL_STUFFING", source: { kind: "ADDRESS", id: address }, measured: 2, throttle: null },
    ]);
    const held = await report(
      Array.from({ length: 8 }, (_one, place) => ({ address, token: true, tried: hash(`token ${place}`) })),
    );
    expect(held.filter(({ source }) => source.id === address)).toMatchObject([{ kind: "CREDENTIAL_STUFFING" }]);
  });

  it("from many addresses of one network block the network", async () => {
    const address = newAddress();
    const network = address.replace(/\.7$/, ".0/24");
    const from = Array.from({ length: 20 }, (_one, place) => address.replace(/7$/, String(place + 10)));
    const held = await report(from.flatMap((one) => keys(one, 1)));
    expect(held.filter(({ source }) => source.id === network)).toMatchObject([
      { kind: "KEY_SCANNING", source: { kind: "NETWORK" }, level: "BLOCKED" },
    ]);
  });
});
