import { expect, test } from "@jest/globals";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { readOnce } from "./read-once.ts";

test("What is read of a tenant is read once for all its rules, again once they are forgotten, and again when reading failed", async () => {
  const [one, other] = [freshTenantId(), freshTenantId()];
  const looked: string[] = [];
  let broken = false;
  const { read, forget } = readOnce((tenantId, _atMs: number) => {
    looked.push(tenantId);
    return broken ? Promise.reject(new Error("down")) : Promise.resolve(tenantId);
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
