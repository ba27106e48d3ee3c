import { TENANT_PERMISSIONS, type Permission } from "@tessera/contracts/permissions";
import type { PermissionTable } from "@tessera/platform/graphql/field-permissions";
import { permissions as analytics } from "../../../subgraphs/analytics/src/permissions.ts";
import { permissions as anomaly } from "../../../subgraphs/anomaly/src/permissions.ts";
import { permissions as governance } from "../../../subgraphs/governance/src/permissions.ts";
import { permissions as ml } from "../../../subgraphs/ml/src/permissions.ts";
import { permissions as tenant } from "../../../subgraphs/tenant/src/permissions.ts";
import { createTesseraClient } from "../../testing/tessera-client.ts";
import type { SharedTenants } from "../../testing/shared-instance.ts";
import type { OwnThings } from "../examples.ts";
import { makeApiKey } from "../own-things.ts";

/** What every root field and every sensitive field of all rooms asks for. */
export const table: PermissionTable = { ...analytics, ...anomaly, ...governance, ...ml, ...tenant };

/** An instance, one of its tenants with one of everything, and keys of that tenant. */
export interface PermissionWorld {
  readonly url: string;
  readonly own: OwnThings;
  /** A key with every permission. */
  readonly full: string;
  /** A key with every permission but one. */
  readonly without: (permission: string) => Promise<string>;
}

/** Given in `beforeAll`, so that suites ask for it when their tests run. */
export type World = () => PermissionWorld;

/** Makes the world of one tenant; keys are made when they are first asked for. */
export const permissionWorld = (instance: SharedTenants, own: OwnThings): PermissionWorld => {
  const full = instance.alpha.apiKey;
  const client = createTesseraClient(instance.url, full);
  const made = new Map<string, Promise<string>>();
  const make = async (permission: string): Promise<string> => {
    const rest: readonly Permission[] = TENANT_PERMISSIONS.filter((each) => each !== permission);
    return (await makeApiKey(client, `without ${permission}`, rest)).secret;
  };
  return {
    ...{ url: instance.url, own, full },
    without: (permission) => {
      const known = made.get(permission) ?? make(permission);
      made.set(permission, known);
      return known;
    },
  };
};
