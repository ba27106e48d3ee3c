import type { ErrorCode } from "@tessera/platform/errors/error-codes";
import type { Metrics } from "@tessera/platform/telemetry/metrics";
import type { Transport } from "./operations/graphql-request.ts";

/** What the gateway counts, in Prometheus' terms; no label has more than a few dozen values. */
export interface GatewayMetrics {
  readonly answered: (
    transport: Transport,
    kind: string,
    outcome: "ok" | "partial" | "refused",
    seconds: number,
  ) => void;
  readonly error: (code: ErrorCode) => void;
  readonly document: (known: boolean) => void;
  readonly stranger: (transport: Transport) => void;
  readonly sockets: (open: number) => void;
  readonly subscriptions: (open: number) => void;
  readonly upstreams: (open: number) => void;
  readonly delivered: (messages: number) => void;
  readonly socketClosed: (code: number) => void;
}

/** Registers the gateway's metrics. */
export const createGatewayMetrics = (metrics: Metrics): GatewayMetrics => {
  const requests = metrics.counter("tessera_gateway_requests_total", "Operations answered.", [
    "transport",
    "kind",
    "outcome",
  ]);
  const seconds = metrics.seconds("tessera_gateway_request_seconds", "Seconds from request to answer.", ["kind"]);
  const errors = metrics.counter("tessera_gateway_errors_total", "Errors shown to clients, by code.", ["code"]);
  const documents = metrics.counter(
    "tessera_gateway_plan_cache_total",
    "Documents looked up: a hit was parsed, checked and planned before.",
    ["outcome"],
  );
  const strangers = metrics.counter("tessera_gateway_unregistered_total", "Documents no manifest has.", ["transport"]);
  const sockets = metrics.gauge("tessera_gateway_sockets", "WebSockets open.");
  const subscriptions = metrics.gauge("tessera_gateway_subscriptions", "Subscriptions running for clients.");
  const upstreams = metrics.gauge("tessera_gateway_upstreams", "Subscriptions running at subgraphs.");
  const delivered = metrics.counter("tessera_gateway_delivered_total", "Subscription messages handed to sockets.");
  const closed = metrics.counter("tessera_gateway_sockets_closed_total", "WebSockets closed by us, by code.", ["code"]);
  return {
    answered: (transport, kind, outcome, elapsed) => {
      requests.inc({ transport, kind, outcome });
      seconds.observe({ kind }, elapsed);
    },
    error: (code) => errors.inc({ code }),
    document: (known) => documents.inc({ outcome: known ? "hit" : "miss" }),
    stranger: (transport) => strangers.inc({ transport }),
    sockets: (open) => sockets.set(open),
    subscriptions: (open) => subscriptions.set(open),
    upstreams: (open) => upstreams.set(open),
    delivered: (messages) => delivered.inc(messages),
    socketClosed: (code) => closed.inc({ code: String(code) }),
  };
};
