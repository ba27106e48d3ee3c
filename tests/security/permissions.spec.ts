import { beforeAll, jest } from "@jest/globals";
import { openTwoTenants, type SharedTenants } from "../testing/shared-instance.ts";
import { makeOwnThings } from "./own-things.ts";
import { describeDataPolicies } from "./permissions/data-policies.ts";
import { describeErrors } from "./permissions/errors.ts";
import { permissionWorld, type PermissionWorld } from "./permissions/permission-world.ts";
import { describeRootFields } from "./permissions/root-fields.ts";
import { describeSensitiveFields } from "./permissions/sensitive-fields.ts";
import { describeSurfaces } from "./permissions/surfaces.ts";

/** Milliseconds any one guarantee may take on a busy machine. */
jest.setTimeout(300_000);
const START_MS = 240_000;

let instance: SharedTenants;
let made: PermissionWorld;
const world = () => made;

beforeAll(async () => {
  instance = await openTwoTenants();
  made = permissionWorld(instance, await makeOwnThings(instance.url, instance.alpha, "permitted"));
}, START_MS);

describeRootFields(world);
describeSensitiveFields(world);
describeSurfaces(world);
describeErrors(world);
describeDataPolicies(world);
