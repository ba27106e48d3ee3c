import type { RouteDescription } from "../http/route-description.ts";
import { adminLimitsDescription } from "./admin-limits/description.ts";
import { adminLiftThrottleDescription } from "./admin-lift-throttle/description.ts";
import { adminSecurityEventsDescription } from "./admin-security-events/description.ts";
import { adminScaleDescription } from "./admin-scale/description.ts";
import { adminUsageDescription } from "./admin-usage/description.ts";
import { auditExportDescription } from "./audit-export/description.ts";
import { auditKeysDescription } from "./audit-keys/description.ts";
import { auditLogDescription } from "./audit-log/description.ts";
import { catalogueDescriptions } from "./catalogue/description.ts";
import { behindDescriptions } from "./behind/description.ts";
import { cohortDescription } from "./cohort/description.ts";
import {
  erasePersonDescription,
  identifyDescription,
  mergePeopleDescription,
  personDescription,
  personErasureDescription,
} from "./people/description.ts";
import { correlationDescriptions } from "./correlations/description.ts";
import { reportDescriptions } from "./reports/description.ts";
import { eventsDescription } from "./events/description.ts";
import { anomalyDescriptions } from "./anomalies/description.ts";
import { anomalyPictureDescriptions } from "./anomaly-pictures/description.ts";
import { incidentDescriptions } from "./incidents/description.ts";
import { objectiveDescriptions } from "./objectives/description.ts";
import { anomalyDescription } from "./anomaly/description.ts";
import { recordChangeDescription, recordedChangesDescription } from "./changes/description.ts";
import { webhookDescriptions } from "./webhooks/description.ts";
import { attributionModelDescription } from "./attribution-model/description.ts";
import { eventQualityDescription } from "./event-quality/description.ts";
import { expectationDescriptions } from "./expectations/description.ts";
import { fraudDescriptions } from "./fraud/description.ts";
import { funnelAnalyzeDescription } from "./funnel-analyze/description.ts";
import { pathsAnalyzeDescription } from "./paths-analyze/description.ts";
import { sessionsAnalyzeDescription } from "./sessions-analyze/description.ts";
import { healthDescriptions } from "./health/description.ts";
import { olapArrowDescription, olapNdjsonDescription } from "./olap-rows/description.ts";
import { realtimeMetricsDescription } from "./realtime-metrics/description.ts";
import { realtimeQueryDescription } from "./realtime-query/description.ts";
import { realtimeStreamDescription } from "./realtime-stream/description.ts";
import { referenceDescriptions } from "./reference/description.ts";

/** Every address of the REST surface, in the order of the document; the write path and health are served by others and documented here. */
export const routeDescriptions: readonly RouteDescription[] = [
  realtimeMetricsDescription,
  realtimeQueryDescription,
  olapNdjsonDescription,
  olapArrowDescription,
  realtimeStreamDescription,
  attributionModelDescription,
  funnelAnalyzeDescription,
  pathsAnalyzeDescription,
  sessionsAnalyzeDescription,
  eventQualityDescription,
  ...expectationDescriptions,
  ...fraudDescriptions,
  ...catalogueDescriptions,
  ...behindDescriptions,
  cohortDescription,
  ...[personDescription, mergePeopleDescription, identifyDescription],
  ...[erasePersonDescription, personErasureDescription],
  ...correlationDescriptions,
  ...reportDescriptions,
  ...anomalyDescriptions,
  ...anomalyPictureDescriptions,
  ...[anomalyDescription, recordedChangesDescription, recordChangeDescription],
  ...webhookDescriptions,
  ...incidentDescriptions,
  ...objectiveDescriptions,
  adminUsageDescription,
  adminScaleDescription,
  adminLimitsDescription,
  adminSecurityEventsDescription,
  adminLiftThrottleDescription,
  eventsDescription,
  auditLogDescription,
  auditExportDescription,
  auditKeysDescription,
  ...healthDescriptions,
  ...referenceDescriptions,
];
