import { afterAll, beforeAll, jest } from "@jest/globals";
import { startTwoTenants, type TwoTenants } from "../testing/two-tenants.ts";
import { GENEROUS_LIMITS } from "./generous-limits.ts";
import { makeOwnThings } from "./own-things.ts";
import { describeDataPolicies } from "./permissions/data-policies.ts";
import { describeErrors } from "./permissions/errors.ts";
import { permissionWorld, type PermissionWorld } from "./permissions/permission-world.ts";
import { describeRootFields } from "./permissions/root-fields.ts";
import { describeSensitiveFields } from "./permissions/sensitive-fields.ts";
import { describeSurfaces } from "./permissions/surfaces.ts";

/** Milliseconds any one guarantee may take on a busy machine. */
jest.setTimeout(120_000);
const START_MS = 240_000;

let instance: TwoTenants;
let made: PermissionWorld;
const world = () => made;

beforeAll(async () => {
  instance = await startTwoTenants(GENEROUS_LIMITS);
  made = permissionWorld(instance, await makeOwnThings(instance.url, instance.alpha, "permitted"));
}, START_MS);
afterAll(() => instance.stop(), 60_000);

describeRootFields(world);
describeSensitiveFields(world);
describeSurfaces(world);
describeErrors(world);
describeDataPolicies(world);
