import type { TesseraClient } from "../../testing/tessera-client.ts";
import type { OwnThings } from "../examples.ts";
import { makeReport } from "../report-examples.ts";

/** Places that take the id of a report or a run, by a fresh one of alpha where asking changes it. */
export const reportPlaces = (client: () => TesseraClient) => {
  const fresh = (things: OwnThings): Promise<string> => makeReport(client(), things);
  const kept = ({ reportId }: OwnThings): string => reportId;
  const byId = (id: string) => ({ id });
  const selection = "{ __typename }";
  let ownDashboard = "";
  const define = { name: "sealed", formats: ["CSV"] };
  return {
    "Query.report(id)": { own: kept, variables: byId, selection: "{ name sourceId owner }" },
    "Query.reportRuns(report)": {
      own: kept,
      variables: (report: string) => ({ report }),
      selection: "{ edges { cursor } }",
    },
    "Query.reportFile(run)": {
      own: ({ reportRunId }: OwnThings) => reportRunId,
      variables: (run: string) => ({ run, format: "CSV" }),
      selection: "{ name base64 }",
    },
    "Subscription.reportChanged(id)": { own: kept, variables: byId, selection: "{ kind report { name } }" },
    "Mutation.defineReport(input.dashboard)": {
      own: ({ dashboardId }: OwnThings) => dashboardId,
      variables: (dashboard: string) => ({ input: { ...define, dashboard } }),
      selection,
    },
    "Mutation.defineReport(input.savedQuery)": {
      own: ({ savedQueryId }: OwnThings) => savedQueryId,
      variables: (savedQuery: string) => ({ input: { ...define, savedQuery } }),
      selection,
    },
    "Mutation.defineReport(input.id)": {
      own: (things: OwnThings) => {
        ownDashboard = things.dashboardId;
        return fresh(things);
      },
      variables: (id: string) => ({ input: { ...define, id, dashboard: ownDashboard } }),
      selection,
    },
    "Mutation.runReportNow(id)": { own: fresh, variables: byId, selection },
    "Mutation.pauseReport(id)": { own: fresh, variables: byId, selection },
    "Mutation.removeReport(id)": { own: fresh, variables: byId, selection },
  };
};
