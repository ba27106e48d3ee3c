import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { AUTHENTICATION_FAILED } from "@tessera/contracts/events/authentication-failed";
import { INSTALLATION } from "@tessera/contracts/ids";
import { createPasswords } from "@tessera/identity/people/passwords";
import { createPeopleStore } from "@tessera/identity/people/people-store";
import { createSignIn } from "@tessera/identity/people/sign-in";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { openTestResources, type TestResources } from "@tessera/platform/testing/test-resources";
import { createTellWrongSignIns } from "./wrong-sign-ins.ts";

// A password's hash takes a core; the bound is on the test, not on the product.
jest.setTimeout(60_000);

let test: TestResources;
beforeAll(() => {
  test = openTestResources();
});
afterAll(() => test.close());

describe("wrong sign-ins", () => {
  it("are told in the tenant's log and the installation's, by who was tried and from where, and never what", async () => {
    const signIn = createSignIn({
      ...{ people: createPeopleStore(test.resources.sql), passwords: createPasswords() },
      ...{ secret: "a secret of the test installation, long enough", onWrong: createTellWrongSignIns(test.resources) },
    });
    const [tenantId, address] = [freshTenantId(), `10.${randomUUID().slice(0, 8)}`];
    const attempt = (email: string) => signIn({ tenantId, address, email, password: "a guess nobody may read" });
    for (const email of ["one@example.com", "ONE@example.com ", "two@example.com"])
      expect(await attempt(email)).toEqual({ kind: "WRONG" });
    const told = async (of: string) => {
      const { rows } = await test.owner.query<{ payload: { guess: string; tried: string } }>(
        "SELECT payload FROM event_log WHERE tenant_id = $1 AND topic = $2 AND payload->>'address' = $3 ORDER BY sequence",
        [of, AUTHENTICATION_FAILED, address],
      );
      return rows.map(({ payload }) => payload);
    };
    const own = await told(tenantId);
    expect(own).toMatchObject(Array.from({ length: 3 }, () => ({ guess: "SIGN_IN", address })));
    expect(new Set(own.map(({ tried }) => tried)).size).toBe(2);
    expect(await told(INSTALLATION)).toEqual(own);
    expect(JSON.stringify(own)).not.toMatch(/example\.com|a guess/i);
  });
});
