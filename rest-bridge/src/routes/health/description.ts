import { Type } from "typebox";
import type { RouteDescription } from "../../http/route-description.ts";

/** What readiness answers. */
export const readinessSchema = Type.Object(
  {
    status: Type.Enum(["ready", "not ready"]),
    dependencies: Type.Array(
      Type.Object({
        name: Type.String({ description: "What is depended on." }),
        ready: Type.Boolean({ description: "Whether it answers." }),
        elapsedMs: Type.Number({ description: "Milliseconds it took to answer." }),
        reason: Type.Optional(Type.String({ description: "Why it is not usable." })),
      }),
    ),
  },
  { title: "Readiness" },
);

const open = { method: "get", tag: "Health", refusals: [], authenticated: false } as const;

/** /livez, /readyz and /metrics, which every process serves. */
export const healthDescriptions = [
  {
    ...open,
    path: "/livez",
    operationId: "getLiveness",
    summary: "Whether the process runs",
    answers: {
      200: { description: "It runs.", schema: Type.Object({ status: Type.Literal("alive") }, { title: "Liveness" }) },
    },
  },
  {
    ...open,
    path: "/readyz",
    operationId: "getReadiness",
    summary: "Whether everything it depends on answers",
    answers: {
      200: { description: "Everything answers.", schema: readinessSchema },
      503: { description: "Something does not; it is named.", schema: readinessSchema },
    },
  },
  {
    ...open,
    path: "/metrics",
    operationId: "getMetrics",
    summary: "Metrics for Prometheus",
    answers: { 200: { description: "Text exposition.", schema: Type.String(), mediaType: "text/plain" } },
  },
] as const satisfies readonly RouteDescription[];
