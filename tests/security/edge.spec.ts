import { afterAll, beforeAll, jest } from "@jest/globals";
import { createTesseraClient } from "../testing/tessera-client.ts";
import { startTwoTenants } from "../testing/two-tenants.ts";
import { describeAnswerHeaders } from "./edge/answer-headers.ts";
import { ALLOWED_ORIGIN, PUBLIC_URL, type EdgeWorld } from "./edge/edge-world.ts";
import { describeSharing, describeSimpleRequests } from "./edge/cross-origin.ts";
import { describeFraming, describeSlowness } from "./edge/framing.ts";
import { describeGraphDoors } from "./edge/graph-doors.ts";
import { describeSignatures } from "./edge/signatures.ts";
import { describeSockets } from "./edge/sockets.ts";
import { makeApiKey } from "./own-things.ts";

/** Milliseconds any one guarantee may take on a busy machine. */
jest.setTimeout(60_000);
const START_MS = 240_000;

let made: EdgeWorld;
const world = () => made;

beforeAll(async () => {
  const instance = await startTwoTenants({ ALLOWED_ORIGINS: ALLOWED_ORIGIN, PUBLIC_URL });
  const client = createTesseraClient(instance.url, instance.alpha.apiKey);
  const { secret } = await makeApiKey(client, "plain", ["analytics:read", "tenant:read", "tenant:manage"]);
  made = { instance, plainKey: secret };
}, START_MS);
afterAll(() => made.instance.stop(), 60_000);

describeFraming(world);
describeSlowness(world);
describeSharing(world);
describeSimpleRequests(world);
describeAnswerHeaders(world);
describeGraphDoors(world);
describeSignatures(world);
describeSockets(world);
