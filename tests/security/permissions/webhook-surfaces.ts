import type { PermissionWorld } from "./permission-world.ts";

const WEBHOOKS = "/api/v2/webhooks";

type Attempt = (world: Pick<PermissionWorld, "url" | "own">, query: string, apiKey: string | null) => Promise<string>;
type Http = (path: string, method: "GET" | "POST" | "PUT", body?: unknown) => Attempt;

/** The addresses about webhooks, as they are asked and what they say to nobody; what is asked of one endpoint is asked of one that is not there. */
export const webhookSurfaces = <Problems>(http: Http, problems: Problems) => {
  const surface = (attempt: Attempt) => ({ attempt, permission: "webhooks:manage" as const, says: problems });
  const one = (rest: string, method: "GET" | "POST" | "PUT", body?: unknown): Attempt =>
    http(`${WEBHOOKS}/00000000-0000-7000-8000-00000000000e${rest}`, method, body);
  return {
    [`GET ${WEBHOOKS}`]: surface(http(WEBHOOKS, "GET")),
    [`POST ${WEBHOOKS}`]: surface(http(WEBHOOKS, "POST", { url: "https://nobody.invalid/surface" })),
    [`GET ${WEBHOOKS}/{endpoint_id}`]: surface(one("", "GET")),
    [`PUT ${WEBHOOKS}/{endpoint_id}`]: surface(one("", "PUT", { description: "surface" })),
    ...Object.fromEntries(
      ["pause", "resume", "remove", "secret", "test", "replay"].map((verb) => [
        `POST ${WEBHOOKS}/{endpoint_id}/${verb}`,
        surface(one(`/${verb}`, "POST", verb === "replay" ? { message_ids: ["msg_surface"] } : {})),
      ]),
    ),
    "GET /api/v2/webhook-deliveries": surface(http("/api/v2/webhook-deliveries", "GET")),
  };
};
