import { expect, it } from "@jest/globals";
import { fieldPermissions, wholeTenantFields } from "@tessera/contracts/field-permissions";
import { wholeTenantFields as ofAnalytics } from "../../subgraphs/analytics/src/permissions.ts";
import { wholeTenantFields as ofAnomaly } from "../../subgraphs/anomaly/src/permissions.ts";
import { table } from "./permissions/permission-world.ts";

it("the table by which decisions are explained is the tables by which they are made", () => {
  // Another one? Run `node --import tsx scripts/field-permissions.mjs`.
  expect(fieldPermissions).toEqual(table);
  expect(wholeTenantFields).toEqual([...ofAnalytics, ...ofAnomaly].toSorted());
});
