import type { Subject } from "@tessera/contracts/caller";
import type { TenantId } from "@tessera/contracts/ids";
import type { EndpointHealth } from "./breaker.ts";

/** Bounds of what a tenant keeps of webhooks. */
export const WEBHOOK_LIMITS = {
  /** Endpoints of a tenant: each is sent every message it asks for. */
  endpoints: 50,
  /** Secrets an endpoint signs with at a time: each makes the header longer and each attempt dearer. */
  secrets: 4,
  /** Deliveries that wait for one endpoint; what comes beyond is kept, not sent, and can be replayed. */
  waiting: 50_000,
  /** Messages one replay sends again. */
  replayed: 1_000,
  /** Days that messages, deliveries and attempts are kept. */
  keptDays: 30,
} as const;

/**
 * What waits for what. NONE: nothing. SUBJECT: a message waits until the former ones about the same thing have ended, delivered or given up. ALL: every
 * message waits for the one before it.
 */
export const ORDERINGS = ["NONE", "SUBJECT", "ALL"] as const;

/** One of {@link ORDERINGS}. */
export type Ordering = (typeof ORDERINGS)[number];

/** Where an endpoint stands. PAUSED: messages wait. DISABLED: they are kept and not sent, for its server takes none. */
export type EndpointState = "ACTIVE" | "PAUSED" | "DISABLED";

/** A label that a message must have to be told to an endpoint. */
export interface LabelFilter {
  readonly name: string;
  readonly value: string;
}

/** What its author says of an endpoint. */
export interface EndpointDefinition {
  readonly url: string;
  readonly description: string | null;
  /** Names of types; empty: every type its owner may read. */
  readonly eventTypes: readonly string[];
  /** All must hold. */
  readonly labels: readonly LabelFilter[];
  readonly headers: Readonly<Record<string, string>>;
  readonly ordering: Ordering;
  readonly ratePerMinute: number;
}

/** A secret without the secret. */
export interface EndpointSecret {
  readonly id: string;
  readonly kind: "HMAC_SHA256" | "ED25519";
  readonly publicKey: string | null;
  readonly createdAtMs: number;
  /** When it ceases to sign; null: not yet decided. */
  readonly expiresAtMs: number | null;
}

/** Who an endpoint receives for: it gets what they may read. */
export interface EndpointOwner {
  readonly subject: Subject;
  /** What they might when they saved it; more is never read for them. */
  readonly permissions: readonly string[];
}

/** An endpoint as it is kept; its headers' values are not told again. */
export interface Endpoint extends Omit<EndpointDefinition, "headers"> {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly version: number;
  readonly headerNames: readonly string[];
  readonly owner: EndpointOwner;
  readonly state: EndpointState;
  readonly disabledBecause: "GONE" | "ONLY_FAILURES" | null;
  readonly stateChangedAtMs: number;
  readonly health: EndpointHealth;
  readonly lastSuccessAtMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** The transaction it was made in: what the log tells after it is told to the endpoint. */
  readonly sinceTransaction: bigint;
  readonly secrets: readonly EndpointSecret[];
}
