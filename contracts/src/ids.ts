declare const brand: unique symbol;

/** A string that names one kind of thing, so that a user id can't be passed where a tenant id is meant. */
export type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Names one tenant; a lower-case UUID. */
export type TenantId = Branded<"TenantId">;
/** Names one event of a tenant; a lower-case UUID, the caller's or made at ingest. */
export type EventId = Branded<"EventId">;
/** Names one insert batch of the ingest path; a lower-case UUID. */
export type BatchId = Branded<"BatchId">;
/** Names one person who may sign in to a tenant; a lower-case UUID. */
export type UserId = Branded<"UserId">;
/** Names one API key: the public part that stands in the key itself. */
export type ApiKeyId = Branded<"ApiKeyId">;
/** Names one anomaly rule; a lower-case UUID. */
export type RuleId = Branded<"RuleId">;
/** Names one raised anomaly; a lower-case UUID. */
export type AnomalyId = Branded<"AnomalyId">;
/** Names one incident; a lower-case UUID. */
export type IncidentId = Branded<"IncidentId">;
/** Names one long-running job; a lower-case UUID. */
export type JobId = Branded<"JobId">;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** True when the text is a UUID in its canonical form (RFC 9562), upper or lower case. */
export const isUuid = (text: string): boolean => UUID.test(text);

// boundary: a brand has no run-time shape; the UUID check above is what it stands for.
const uuidBrand = <Id extends string>(text: string): Id | null => (isUuid(text) ? (text.toLowerCase() as Id) : null);

/** Parses a tenant id; null when the text is not a UUID. */
export const parseTenantId = (text: string): TenantId | null => uuidBrand<TenantId>(text);
/** Stands where a tenant stands for what concerns the installation and no tenant of it: the nil UUID (RFC 9562), which owns nothing. */
// boundary: a brand has no run-time shape, and the text is a UUID.
export const INSTALLATION = "00000000-0000-0000-0000-000000000000" as TenantId;
/** Parses an event id; null when the text is not a UUID. */
export const parseEventId = (text: string): EventId | null => uuidBrand<EventId>(text);
/** Parses a batch id; null when the text is not a UUID. */
export const parseBatchId = (text: string): BatchId | null => uuidBrand<BatchId>(text);
/** Parses a user id; null when the text is not a UUID. */
export const parseUserId = (text: string): UserId | null => uuidBrand<UserId>(text);
/** Parses a rule id; null when the text is not a UUID. */
export const parseRuleId = (text: string): RuleId | null => uuidBrand<RuleId>(text);
/** Parses an anomaly id; null when the text is not a UUID. */
export const parseAnomalyId = (text: string): AnomalyId | null => uuidBrand<AnomalyId>(text);
/** Parses an incident id; null when the text is not a UUID. */
export const parseIncidentId = (text: string): IncidentId | null => uuidBrand<IncidentId>(text);
/** Parses a job id; null when the text is not a UUID. */
export const parseJobId = (text: string): JobId | null => uuidBrand<JobId>(text);

const API_KEY_ID = /^[0-9a-z]{16}$/;
/** Parses the public part of an API key; null when it is not 16 characters of 0-9 a-z. */
// boundary: the pattern above is what the brand stands for.
export const parseApiKeyId = (text: string): ApiKeyId | null => (API_KEY_ID.test(text) ? (text as ApiKeyId) : null);
