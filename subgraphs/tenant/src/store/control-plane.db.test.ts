import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { TenantPool } from "@tessera/platform/db/tenant-pool";
import { freshTenantId } from "@tessera/platform/testing/ask-subgraph";
import { testEngines } from "@tessera/platform/testing/engines";
import { createControlPlane, type ControlPlane } from "./control-plane.ts";

const OVERLOADED = { code: "OVERLOADED", extras: { retryAfterSeconds: 1 } };

describe("the control plane over a pool all of whose connections are in use", () => {
  let pool: TenantPool;
  let controlPlane: ControlPlane;
  let release: () => void;
  beforeAll(async () => {
    pool = new TenantPool(testEngines().postgres.appUrl, { max: 1, connectionTimeoutMillis: 100 });
    controlPlane = createControlPlane(pool);
    const held = await pool.connect();
    release = () => held.release();
  });
  afterAll(async () => {
    await controlPlane.close();
    await pool.end();
  });

  it("refuses with OVERLOADED and when to come back, in and outside transactions", async () => {
    await expect(controlPlane.run(freshTenantId(), (models) => models.tenant.findFirst())).rejects.toMatchObject(
      OVERLOADED,
    );
    await expect(
      controlPlane.lockingTenant(freshTenantId(), (models) => models.tenant.findFirst()),
    ).rejects.toMatchObject(OVERLOADED);
  });

  it("serves again as soon as one is given back", async () => {
    release();
    await expect(controlPlane.run(freshTenantId(), (models) => models.tenant.findFirst())).resolves.toBeNull();
  });
});
