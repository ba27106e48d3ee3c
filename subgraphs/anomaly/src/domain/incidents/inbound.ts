import type { AnomalyId } from "@tessera/contracts/ids";

/** The address at which a channel's provider tells back. */
export interface Inbound {
  readonly endpoint: string;
  /** Whether its sender's secret is known; nothing is taken before. */
  readonly hasSecret: boolean;
  readonly lastEventAtMs: number | null;
}

/** What a provider calls the incident of one of our anomalies. */
export interface RemoteIncident {
  readonly anomalyId: AnomalyId;
  readonly channelId: string;
  readonly remoteId: string;
  readonly url: string | null;
}
