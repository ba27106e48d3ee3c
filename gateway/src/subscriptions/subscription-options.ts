/** Limits of WebSockets and subscriptions; every one has a default with its reason. */
export interface SubscriptionOptions {
  readonly maxSocketsPerTenant: number;
  readonly maxOperationsPerSocket: number;
  readonly maxUpstreamsPerTenant: number;
  /** Messages of one subscription that may wait for a slow reader. */
  readonly maxWaitingMessages: number;
  /** Bytes that may wait in one socket before its messages queue up. */
  readonly maxSocketBufferBytes: number;
  /** Milliseconds a client has for its connection_init. */
  readonly initTimeoutMs: number;
  /** Milliseconds between two looks at an open socket's credential. */
  readonly credentialCheckMs: number;
}

/** The defaults of {@link SubscriptionOptions}. */
export const DEFAULT_SUBSCRIPTION_OPTIONS: SubscriptionOptions = {
  // Half of what one process serves, so that one tenant can't lock the others out.
  maxSocketsPerTenant: 10_000,
  // A dashboard page has some dozens of live tiles.
  maxOperationsPerSocket: 100,
  // Different subscriptions of one tenant: each costs its subgraph a reader, equal ones are one.
  maxUpstreamsPerTenant: 1_000,
  // A few seconds of a lively stream; beyond them resuming by cursor is cheaper than remembering.
  maxWaitingMessages: 256,
  // Some large events; the system's own buffers come on top.
  maxSocketBufferBytes: 262_144,
  // What the protocol's reference server waits.
  initTimeoutMs: 3_000,
  // A revoked key must not read on for more than five seconds.
  credentialCheckMs: 4_000,
};
