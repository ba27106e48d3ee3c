import { refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { RestLiftThrottleDocument } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { administeredTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { adminLiftThrottleDescription } from "./description.ts";

const liftThrottle = graphQuestion(RestLiftThrottleDocument);

/** Adds POST /api/v2/admin/tenants/{id}/lift-throttle. */
export const registerAdminLiftThrottle = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, adminLiftThrottleDescription, async (request) => {
    const { body, path, caller } = request;
    const input = { id: body.throttle_id, reason: body.reason, tenantId: administeredTenant(caller, path["id"]) };
    const { data } = await liftThrottle(deps.graph, request, { input });
    const lifted = data.liftThrottle;
    if (lifted.__typename === "ThrottleNotFound")
      throw refuse("NOT_FOUND", "There is no such throttle.", { field: "throttle_id" });
    if (lifted.__typename === "OwnThrottle")
      throw refuse("FORBIDDEN", "The throttle holds back who asks; somebody else has to lift it.");
    return inRestWords(lifted.throttle);
  });
