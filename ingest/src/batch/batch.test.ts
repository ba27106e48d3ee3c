import { randomUUID } from "node:crypto";
import { expect, test } from "@jest/globals";
import { parseBatchId, parseTenantId, type TenantId } from "@tessera/contracts/ids";
import { prepareEvent } from "../domain/validate-event.ts";
import { addToBatch, noticesOf, openBatch } from "./batch.ts";

const NOW_MS = Date.UTC(2026, 8, 1);

const tenant = (): TenantId => {
  const tenantId = parseTenantId(randomUUID());
  if (tenantId === null) throw new Error("A random UUID is a tenant id.");
  return tenantId;
};

test("a stored batch tells each tenant how many of its events say who somebody is, and nothing of it where none does", () => {
  const batchId = parseBatchId(randomUUID());
  if (batchId === null) throw new Error("A random UUID is a batch id.");
  const [batch, telling, silent] = [openBatch(batchId), tenant(), tenant()];
  const add = (tenantId: TenantId, name: string): void => {
    const prepared = prepareEvent({ name, userId: "ada" }, { nowMs: NOW_MS, newId: randomUUID });
    if (!("event" in prepared)) throw new Error("The event is one.");
    addToBatch(batch, tenantId, prepared.event, 0);
  };
  for (const name of ["view", "identify", "view", "identify"]) add(telling, name);
  for (const name of ["view", "identify_later"]) add(silent, name);
  const [first, second] = noticesOf(batch, NOW_MS);
  expect(first).toMatchObject({ tenantId: telling, rows: 4, identifies: 2 });
  expect(second).toMatchObject({ tenantId: silent, rows: 2 });
  expect(second).not.toHaveProperty("identifies");
});
