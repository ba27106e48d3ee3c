import { afterAll, beforeAll, jest } from "@jest/globals";
import { startTwoTenants, type TwoTenants } from "../testing/two-tenants.ts";
import type { OwnThings } from "./examples.ts";
import { GENEROUS_LIMITS } from "./generous-limits.ts";
import { describeFuzz } from "./hostile/fuzz.ts";
import { describePlantedSecrets } from "./hostile/planted-secrets.ts";
import { makeOwnThings } from "./own-things.ts";

/** Milliseconds any one guarantee may take on a busy machine. */
jest.setTimeout(180_000);
const START_MS = 240_000;

let instance: TwoTenants;
let own: OwnThings;
const world = () => ({ instance, own });

beforeAll(async () => {
  instance = await startTwoTenants({ ...GENEROUS_LIMITS, LOG_LEVEL: "trace" });
  own = await makeOwnThings(instance.url, instance.alpha, "hostile");
}, START_MS);
afterAll(() => instance.stop(), 60_000);

describePlantedSecrets(world);
describeFuzz(world);
