import type { ClientAddress } from "@tessera/platform/http/client-address";
import type { Origins } from "@tessera/platform/http/origins";
import type { HttpServer } from "@tessera/platform/http/server";
import type { PublicSigningKey } from "@tessera/platform/integrity/signing-key";
import type { WebSockets } from "@tessera/platform/http/web-sockets";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { ExecutionRecorder } from "@tessera/platform/executions/execution-recorder";
import type { NowMs } from "@tessera/platform/time/clock";
import type { GraphPort } from "./graph/graph-port.ts";
import { createRefusalRecords } from "./http/refusal-records.ts";
import type { Authenticate } from "./http/serve-route.ts";
import { registerAdminLimits } from "./routes/admin-limits/route.ts";
import { registerAdminLiftThrottle } from "./routes/admin-lift-throttle/route.ts";
import { registerAdminSecurityEvents } from "./routes/admin-security-events/route.ts";
import { registerAdminScale } from "./routes/admin-scale/route.ts";
import { registerAdminUsage } from "./routes/admin-usage/route.ts";
import { registerAuditExport } from "./routes/audit-export/route.ts";
import { registerAuditKeys } from "./routes/audit-keys/route.ts";
import { registerAuditLog } from "./routes/audit-log/route.ts";
import { routeDescriptions } from "./routes/descriptions.ts";
import { registerCorrelations } from "./routes/correlations/route.ts";
import { registerAnomalies } from "./routes/anomalies/route.ts";
import { registerAnomalyPictures } from "./routes/anomaly-pictures/route.ts";
import { registerAnomaly } from "./routes/anomaly/route.ts";
import { registerCatalogue } from "./routes/catalogue/route.ts";
import { registerChanges } from "./routes/changes/route.ts";
import { registerWebhooks } from "./routes/webhooks/route.ts";
import { registerInbound, type ReceiveProviderEvent } from "./routes/incidents/inbound-route.ts";
import { registerIncidents } from "./routes/incidents/route.ts";
import { registerObjectives } from "./routes/objectives/route.ts";
import { registerReports } from "./routes/reports/route.ts";
import { registerBehind } from "./routes/behind/route.ts";
import { registerCohort } from "./routes/cohort/route.ts";
import { registerErasures, registerPeople } from "./routes/people/route.ts";
import { registerAttributionModel } from "./routes/attribution-model/route.ts";
import { registerEventQuality } from "./routes/event-quality/route.ts";
import { registerExpectations } from "./routes/expectations/route.ts";
import { registerFraud } from "./routes/fraud/route.ts";
import { registerFunnelAnalyze } from "./routes/funnel-analyze/route.ts";
import { registerOlapRows } from "./routes/olap-rows/route.ts";
import { registerPathsAnalyze } from "./routes/paths-analyze/route.ts";
import { registerSessionsAnalyze } from "./routes/sessions-analyze/route.ts";
import { registerRealtimeMetrics } from "./routes/realtime-metrics/route.ts";
import { registerRealtimeQuery } from "./routes/realtime-query/route.ts";
import { registerRealtimeStream } from "./routes/realtime-stream/route.ts";
import { registerReference } from "./routes/reference/route.ts";

/** What the composition root gives the bridge. */
export interface BridgeDeps {
  /** The graph: `createInProcessGraph` or `createRemoteGraph`. */
  readonly graph: GraphPort;
  readonly authenticate: Authenticate;
  /** Takes what providers of channels tell back. */
  readonly receiveProviderEvent: ReceiveProviderEvent;
  readonly clientAddress: ClientAddress;
  /** Where requests are recorded that the bridge refuses by itself; the graph records the others. */
  readonly recorder: Pick<ExecutionRecorder, "record">;
  /** Ids of records: UUIDs. */
  readonly newId: () => string;
  readonly logger: Logger;
  readonly nowMs: NowMs;
  /** Browser pages that may open a stream beside the bridge's own. */
  readonly origins: Origins;
  /** Public keys with which audit seals are verified, the newest first. */
  readonly auditKeys: readonly PublicSigningKey[];
  /** The supergraph's SDL, for the descriptions in the OpenAPI document; asked for when the document is. */
  readonly supergraphSdl: () => string;
}

/** Adds the REST surface under `/api/v2` and its reference at `/docs`; each route is a projection of one persisted operation of the graph. */
export const registerRestBridge = (server: HttpServer, webSockets: WebSockets, options: BridgeDeps): void => {
  const deps = { ...options, recordRefusal: createRefusalRecords(options) };
  void server.register((scope, _options, done) => {
    // A question is JSON; text would be read as one by the framework.
    scope.removeContentTypeParser("text/plain");
    registerRealtimeMetrics(scope, deps);
    registerRealtimeQuery(scope, deps);
    registerOlapRows(scope, deps);
    registerRealtimeStream(scope, webSockets, deps, deps.origins);
    registerFunnelAnalyze(scope, deps);
    registerAttributionModel(scope, deps);
    registerPathsAnalyze(scope, deps);
    registerSessionsAnalyze(scope, deps);
    registerEventQuality(scope, deps);
    registerExpectations(scope, deps);
    registerFraud(scope, deps);
    registerCatalogue(scope, deps);
    registerBehind(scope, deps);
    registerCohort(scope, deps);
    registerPeople(scope, deps);
    registerErasures(scope, deps);
    registerCorrelations(scope, deps);
    registerReports(scope, deps);
    registerAnomalies(scope, deps);
    registerIncidents(scope, deps);
    registerInbound(scope, deps);
    registerObjectives(scope, deps);
    registerAnomalyPictures(scope, deps);
    registerChanges(scope, deps);
    registerAnomaly(scope, deps);
    registerWebhooks(scope, deps);
    registerAuditLog(scope, deps);
    registerAuditExport(scope, deps);
    registerAuditKeys(scope, deps);
    registerAdminUsage(scope, deps);
    registerAdminScale(scope, deps);
    registerAdminLimits(scope, deps);
    registerAdminSecurityEvents(scope, deps);
    registerAdminLiftThrottle(scope, deps);
    registerReference(scope, { routes: routeDescriptions, supergraphSdl: deps.supergraphSdl });
    done();
  });
};
