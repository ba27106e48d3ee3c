/** An event as the store holds it; text that the event does not carry is null. */
export interface StoredEvent {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  readonly timeMs: number;
  readonly receivedAtMs: number;
  readonly batchId: string;
  readonly batchRow: number;
  readonly userId: string | null;
  readonly anonymousId: string | null;
  readonly sessionId: string | null;
  readonly source: string | null;
  readonly country: string | null;
  readonly region: string | null;
  readonly city: string | null;
  readonly device: string | null;
  readonly os: string | null;
  readonly browser: string | null;
  readonly url: string | null;
  readonly referrer: string | null;
  readonly utmSource: string | null;
  readonly utmMedium: string | null;
  readonly utmCampaign: string | null;
  readonly utmTerm: string | null;
  readonly utmContent: string | null;
  readonly revenue: string | null;
  readonly currency: string | null;
  readonly correlationId: string | null;
  readonly traceId: string | null;
  readonly schemaVersion: number;
  readonly synthetic: boolean;
  readonly qualityFlags: readonly string[];
  readonly properties: unknown;
}
