import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { parseApiKeyId, parseTenantId } from "@tessera/contracts/ids";
import { PERMISSIONS, TENANT_PERMISSIONS, type Permission } from "@tessera/contracts/permissions";
import { apiKeyState } from "./api-key.ts";
import { callerOf, isUseWorthNoting, type KeptCredential } from "./credential.ts";
import { expiryOfNewKey } from "./expiry.ts";
import { grantablePermissions, permissionsNotHeld } from "./grant.ts";
import { displayName, emailAddress } from "./input-text.ts";
import { formatPlace, pageOf, pageRequest } from "./page.ts";
import { permissionsOfRoles, USER_ROLES } from "./role.ts";

const keyId = parseApiKeyId("0123456789abcdef");
const tenantId = parseTenantId("de300000-0000-4000-8000-000000000001");
if (keyId === null || tenantId === null) throw new Error("These are ids.");

const codeOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
};

describe("whether a key works", () => {
  it.each([
    [null, null, "ACTIVE"],
    [101, null, "ACTIVE"],
    [100, null, "EXPIRED"],
    [99, null, "EXPIRED"],
    [null, 50, "REVOKED"],
    [99, 50, "REVOKED"],
    [101, 200, "REVOKED"],
  ])("expires at %s, revoked at %s: %s at 100", (expiresAtMs, revokedAtMs, state) => {
    expect(apiKeyState({ expiresAtMs, revokedAtMs }, 100)).toBe(state);
  });

  const present = { by: "PRESENT", salt: "" } as const;
  const kept: KeptCredential = {
    tenantId,
    tenantState: "ACTIVE",
    keyHash: new Uint8Array(32),
    permissions: ["ml:read"],
    roles: ["VIEWER", "support"],
    rolePermissions: ["audit:read"],
    policies: [],
    previousKeyHash: null,
    previousValidUntilMs: null,
    networks: null,
    grantId: null,
    expiresAtMs: 101,
    revokedAtMs: null,
    lastUsedAtMs: null,
  };

  it("a proven key that works stands for its tenant, itself and its permissions", () => {
    expect(callerOf(keyId, kept, present, 100)).toEqual({
      tenantId,
      subject: { kind: "API_KEY", id: keyId },
      permissions: new Set(["ml:read", ...permissionsOfRoles(["VIEWER"]), "audit:read"]),
      roles: ["VIEWER", "support"],
      expiresAtMs: 101,
      ...{ dataPolicy: null, networks: null, grantId: null },
    });
  });

  it.each([
    [50, null, 49, 50],
    [50, 101, 49, 50],
    [200, 101, 49, 101],
    [50, null, 50, "nobody"],
    [50, 101, 60, "nobody"],
  ])(
    "the secret before a rotation, valid until %s, of a key that expires at %s, ends at %s with %s",
    (previousValidUntilMs, expiresAtMs, nowMs, ends) => {
      const rotated = { ...kept, previousKeyHash: new Uint8Array(32), previousValidUntilMs, expiresAtMs };
      const caller = callerOf(keyId, rotated, { by: "PREVIOUS", salt: "" }, nowMs);
      expect(caller === null ? "nobody" : caller.expiresAtMs).toBe(ends);
    },
  );

  it.each([
    ["revoked", { revokedAtMs: 1 }],
    ["expired", { expiresAtMs: 100 }],
    ["of a suspended tenant", { tenantState: "SUSPENDED" }],
  ] as const)("one that is %s stands for nobody", (_what, change) => {
    expect(callerOf(keyId, { ...kept, ...change }, present, 100)).toBeNull();
  });

  it("its use is worth a note when none is a minute young", () => {
    expect(isUseWorthNoting(kept, 100)).toBe(true);
    expect(isUseWorthNoting({ ...kept, lastUsedAtMs: 100 }, 60_099)).toBe(false);
    expect(isUseWorthNoting({ ...kept, lastUsedAtMs: 100 }, 60_100)).toBe(true);
    expect(isUseWorthNoting({ ...kept, lastUsedAtMs: 200_000 }, 100)).toBe(false);
  });
});

describe("who may hand on what", () => {
  const some = fc.subarray([...PERMISSIONS]);

  it("what is not lacking is held, and what is lacking was wanted", () => {
    fc.assert(
      fc.property(some, some, (held, wanted) => {
        const lacking: readonly Permission[] = permissionsNotHeld(new Set(held), wanted);
        for (const permission of wanted) expect(lacking.includes(permission)).toBe(!held.includes(permission));
        expect(lacking.every((permission) => wanted.includes(permission))).toBe(true);
      }),
    );
  });

  it("exactly the tenant's permissions can be asked for, in any order, each once", () => {
    for (const permission of PERMISSIONS)
      expect(codeOf(() => grantablePermissions([permission, permission], "p"))).toEqual(
        TENANT_PERMISSIONS.includes(permission) ? [permission] : "BAD_INPUT",
      );
    expect(codeOf(() => grantablePermissions([], "p"))).toBe("BAD_INPUT");
  });

  it("an owner holds everything, and nobody else what is an owner's alone", () => {
    const owner = permissionsOfRoles(["OWNER"]);
    expect(owner).toEqual([...TENANT_PERMISSIONS].toSorted());
    for (const role of USER_ROLES) {
      const held = permissionsOfRoles([role]);
      expect(held.filter((permission) => !owner.includes(permission))).toEqual([]);
      if (role === "OWNER") continue;
      expect(held).not.toContain("analytics:personal-data");
      expect(held).not.toContain("operators:grant");
    }
    for (const role of ["VIEWER", "AUDITOR", "ANALYST", "DEVELOPER", "OPERATOR"])
      for (const manage of ["access:manage", "tenant:manage"]) expect(permissionsOfRoles([role])).not.toContain(manage);
    expect(permissionsOfRoles(["AUDITOR", "OPERATOR"])).not.toContain("analytics:read");
  });
});

describe("when a new key expires", () => {
  const at = (ms: number) => new Date(ms).toISOString();
  it.each([
    [null, null, null],
    [undefined, 500, 500],
    [at(200), null, 200],
    [at(200), 200, 200],
    [at(201), 200, "BAD_INPUT"],
    [at(100), null, "BAD_INPUT"],
    [at(99), null, "BAD_INPUT"],
    ["no time", null, "BAD_INPUT"],
  ])("wanted %s, the maker's end %s, at 100: %s", (wanted, maker, expected) => {
    expect(codeOf(() => expiryOfNewKey(wanted, maker, 100))).toBe(expected);
  });
});

describe("texts", () => {
  it.each([
    [" Ada ", "Ada"],
    ["名前", "名前"],
    ["x".repeat(120), "x".repeat(120)],
    ["x".repeat(121), "BAD_INPUT"],
    ["  ", "BAD_INPUT"],
    ["a\nb", "BAD_INPUT"],
    ["a\ud800", "BAD_INPUT"],
  ])("the name %j is %j", (text, expected) => {
    expect(codeOf(() => displayName(text, "name"))).toBe(expected);
  });

  it.each([
    [" Ada@Example.org ", "ada@example.org"],
    ["a@localhost", "a@localhost"],
    ["a@b@c", "BAD_INPUT"],
    ["@b", "BAD_INPUT"],
    ["a@", "BAD_INPUT"],
    ["a@.org", "BAD_INPUT"],
    ["a@b..org", "BAD_INPUT"],
    ["a b@c", "BAD_INPUT"],
  ])("the address %j is %j", (text, expected) => {
    expect(codeOf(() => emailAddress(text, "email"))).toBe(expected);
  });
});

describe("pages", () => {
  it("a place that is given out is read back", () => {
    const ids = fc.oneof(fc.uuid(), fc.constant(keyId));
    fc.assert(
      fc.property(fc.nat({ max: 4_102_444_800_000 }), ids, (createdAtMs, id) => {
        expect(pageRequest({ first: 1, after: formatPlace({ createdAtMs, id }) }).after).toEqual({ createdAtMs, id });
      }),
    );
  });

  it.each([0, -1, 1_001])("first: %i is refused", (first) => {
    expect(codeOf(() => pageRequest({ first }))).toBe("BAD_INPUT");
  });

  it("walking a list by pages of any size gives each item once and in order", () => {
    fc.assert(
      fc.property(fc.nat({ max: 40 }), fc.integer({ min: 1, max: 12 }), (length, first) => {
        const all = Array.from({ length }, (_, index) => index);
        const seen: number[] = [];
        for (let more = true; more;) {
          const page = pageOf({ first, after: null }, all.slice(seen.length, seen.length + first + 1));
          seen.push(...page.items);
          more = page.hasNextPage;
        }
        expect(seen).toEqual(all);
      }),
    );
  });
});
