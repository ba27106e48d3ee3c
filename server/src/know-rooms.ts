import type { SubgraphConnection } from "@tessera/gateway/connections/connection";
import type { GatewayCall } from "@tessera/gateway/graphql-request";
import { createAskAnalytics } from "./ask-analytics.ts";
import { createAskExecutions } from "./ask-executions.ts";
import { createAskReports, createMailChannels } from "./ask-reports.ts";
import type { OpenResources } from "./open-resources.ts";

type Connection = SubgraphConnection<GatewayCall>;

/** Lets rooms ask one another by these connections from now on; what a room that is not given would say can't be asked. */
export const knowRooms = (
  opened: OpenResources,
  rooms: {
    readonly analytics: Connection | undefined;
    readonly governance: Connection | undefined;
    readonly anomaly: Connection | undefined;
  },
): void => {
  const { analytics, governance, anomaly } = rooms;
  if (analytics !== undefined) {
    opened.knowAnalytics(createAskAnalytics(analytics));
    opened.reportMails.knowReports(createAskReports(analytics));
  }
  if (governance !== undefined) opened.knowExecutions(createAskExecutions(governance));
  if (anomaly !== undefined) opened.reportMails.knowChannels(createMailChannels(anomaly));
};
