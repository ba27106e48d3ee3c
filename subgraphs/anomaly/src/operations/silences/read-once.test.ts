import { expect, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { readOnce } from "./silence-operations.ts";

test("The silences of a tenant are looked for once for all its rules, again once they are forgotten, and again when looking failed", async () => {
  const [one, other] = [freshTenantId(), freshTenantId()];
  const looked: string[] = [];
  let broken = false;
  const { read, forget } = readOnce((tenantId) => {
    looked.push(tenantId);
    return broken ? Promise.reject(new Error("down")) : Promise.resolve(() => []);
  });
  await Promise.all([read(one, 1), read(one, 2), read(other, 1), read(one, 3)]);
  expect(looked).toEqual([one, other]);
  forget(one);
  await read(one, 4);
  expect(looked).toEqual([one, other, one]);
  broken = true;
  forget(other);
  await expect(read(other, 5)).rejects.toThrow("down");
  broken = false;
  await read(other, 6);
  expect(looked).toEqual([one, other, one, other, other]);
});
