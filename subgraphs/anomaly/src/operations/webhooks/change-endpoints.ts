import type { Caller } from "@tessera/contracts/caller";
import { isUuid } from "@tessera/contracts/ids";
import { PublicRequestError, type PublicRequests } from "@tessera/platform/http/public-request";
import type { NewWebhookSecret, WebhookSignatureKind } from "@tessera/platform/signatures/standard-webhooks";
import type { NowMs } from "@tessera/platform/time/clock";
import type { Endpoint, EndpointDefinition, EndpointOwner } from "../../domain/webhooks/endpoint.ts";
import { checkEndpoint, type Reader, type WebhookProblem } from "../../domain/webhooks/endpoint-definition.ts";
import type { KeptDefinition } from "../../store/webhooks/endpoint-statements.ts";
import type { ChangedEndpoint, EndpointStore } from "../../store/webhooks/endpoint-store.ts";
import { makeSecret, sealHeaders, type SealingDeps } from "./sealing.ts";

/** What changing endpoints needs. */
export interface ChangeEndpointDeps extends SealingDeps {
  readonly endpoints: EndpointStore;
  readonly requests: Pick<PublicRequests, "check">;
  readonly nowMs: NowMs;
}

/** What somebody says of a new endpoint. */
export interface NewEndpointInput {
  readonly url: string;
  readonly description?: string | null | undefined;
  readonly eventTypes?: readonly string[] | undefined;
  readonly labels?: readonly { readonly name: string; readonly value: string }[] | undefined;
  readonly headers?: readonly { readonly name: string; readonly value: string }[] | undefined;
  readonly ordering?: EndpointDefinition["ordering"] | undefined;
  readonly ratePerMinute?: number | undefined;
  readonly signing?: readonly WebhookSignatureKind[] | undefined;
}

/** What somebody wants changed of an endpoint; what is absent or null stays, but a null description is removed. */
export interface EndpointChangeInput {
  readonly expectedVersion?: number | null | undefined;
  readonly url?: string | null | undefined;
  readonly description?: string | null | undefined;
  readonly eventTypes?: readonly string[] | null | undefined;
  readonly labels?: NewEndpointInput["labels"] | null | undefined;
  readonly headers?: NewEndpointInput["headers"] | null | undefined;
  readonly ordering?: EndpointDefinition["ordering"] | null | undefined;
  readonly ratePerMinute?: number | null | undefined;
}

/** A secret as it is shown once. */
export type ShownSecret = NewWebhookSecret & { readonly id: string };

/** What became of a change; secrets that were made are shown in it and never again. */
export type EndpointOutcome =
  | Exclude<ChangedEndpoint, { readonly kind: "SAVED" }>
  | { readonly kind: "SAVED"; readonly endpoint: Endpoint; readonly shown: readonly ShownSecret[] }
  | { readonly kind: "REJECTED"; readonly problems: readonly WebhookProblem[] };

/** Hours that former secrets go on signing after a rotation, at most: a week. */
const MAX_OVERLAP_HOURS = 168;
const HOUR_MS = 3_600_000;

const readerOf = ({ permissions, dataPolicy }: Caller): Reader => ({ permissions, isRestricted: dataPolicy !== null });
const ownerOf = ({ subject, permissions }: Caller): EndpointOwner => ({
  subject: { kind: subject.kind, id: subject.id },
  permissions: [...permissions].toSorted(),
});

const problemOfUrl = async ({ requests }: ChangeEndpointDeps, url: string): Promise<readonly WebhookProblem[]> => {
  try {
    await requests.check(url);
    return [];
  } catch (error) {
    if (!(error instanceof PublicRequestError)) throw error;
    return [{ field: "url", message: error.message }];
  }
};

const rejected = (problems: readonly WebhookProblem[]): EndpointOutcome => ({ kind: "REJECTED", problems });
const saved = (outcome: ChangedEndpoint, shown: readonly ShownSecret[] = []): EndpointOutcome =>
  outcome.kind === "SAVED" ? { ...outcome, shown } : outcome;

const keptOf = ({ headers, ...same }: EndpointDefinition, sealedHeaders: string | null): KeptDefinition => ({
  ...{ ...same, headerNames: Object.keys(headers).toSorted(), sealedHeaders },
});

/** Makes an endpoint for who asks: it is told what they may read. */
export const createEndpoint =
  (deps: ChangeEndpointDeps) =>
  async (caller: Caller, { signing = ["HMAC_SHA256"], ...input }: NewEndpointInput): Promise<EndpointOutcome> => {
    const { tenantId } = caller;
    const kinds = [...new Set(signing)];
    if (kinds.length === 0) return rejected([{ field: "signing", message: "Name at least one kind of signature." }]);
    const checked = checkEndpoint(input, readerOf(caller));
    if (!checked.valid) return rejected(checked.problems);
    const problems = await problemOfUrl(deps, checked.value.url);
    if (problems.length > 0) return rejected(problems);
    const id = deps.newId();
    const made = await Promise.all(kinds.map((kind) => makeSecret(deps, tenantId, id, kind)));
    const sealed = await sealHeaders(deps, tenantId, id, checked.value.headers);
    const outcome = await deps.endpoints.create(tenantId, {
      ...{ id, definition: keptOf(checked.value, sealed), owner: ownerOf(caller) },
      secrets: made.map(({ kept }) => kept),
    });
    return saved(
      outcome,
      made.map(({ shown }) => shown),
    );
  };

const originOf = (url: string): string => {
  try {
    return new URL(url).origin;
  } catch {
    return url;
  }
};

/** Whoever leads messages elsewhere must know the header fields that go with them: they are not told who does not. */
const headersGoAlong = (endpoint: Endpoint, input: EndpointChangeInput): readonly WebhookProblem[] =>
  endpoint.headerNames.length === 0 ||
  (input.headers !== undefined && input.headers !== null) ||
  originOf(input.url ?? endpoint.url) === originOf(endpoint.url)
    ? []
    : [{ field: "headers", message: "The address is another server's: say anew which header fields it is sent." }];

/** Changes an endpoint; whoever does is its owner from then on, and it is told what they may read. */
export const updateEndpoint =
  (deps: ChangeEndpointDeps) =>
  async (caller: Caller, id: string, input: EndpointChangeInput): Promise<EndpointOutcome> => {
    const { tenantId } = caller;
    const endpoint = isUuid(id) ? await deps.endpoints.find(tenantId, id) : null;
    if (endpoint === null) return { kind: "NOT_FOUND" };
    if (typeof input.expectedVersion === "number" && input.expectedVersion !== endpoint.version)
      return { kind: "STALE", endpoint };
    const checked = checkEndpoint(
      {
        url: input.url ?? endpoint.url,
        description: input.description === undefined ? endpoint.description : input.description,
        eventTypes: input.eventTypes ?? endpoint.eventTypes,
        labels: input.labels ?? endpoint.labels,
        headers: input.headers ?? [],
        ordering: input.ordering ?? endpoint.ordering,
        ratePerMinute: input.ratePerMinute ?? endpoint.ratePerMinute,
      },
      readerOf(caller),
    );
    if (!checked.valid) return rejected(checked.problems);
    const problems = [...headersGoAlong(endpoint, input), ...(await problemOfUrl(deps, checked.value.url))];
    if (problems.length > 0) return rejected(problems);
    const keeps = input.headers === undefined || input.headers === null;
    const sealed = keeps
      ? await deps.endpoints.sealedHeaders(tenantId, id)
      : await sealHeaders(deps, tenantId, id, checked.value.headers);
    const kept = keptOf(checked.value, sealed);
    const definition = keeps ? { ...kept, headerNames: endpoint.headerNames } : kept;
    const expectedVersion = endpoint.version;
    return saved(await deps.endpoints.update(tenantId, id, { definition, owner: ownerOf(caller), expectedVersion }));
  };

/** Makes a secret; the former ones of its kind go on signing for some hours. */
export const rotateSecret =
  (deps: ChangeEndpointDeps) =>
  async (
    { tenantId }: Caller,
    id: string,
    asked: { readonly kind: WebhookSignatureKind; readonly overlapHours: number },
  ): Promise<EndpointOutcome> => {
    if (asked.overlapHours < 0 || asked.overlapHours > MAX_OVERLAP_HOURS)
      return rejected([
        { field: "overlapHours", message: `Former secrets sign on for 0 to ${MAX_OVERLAP_HOURS} hours.` },
      ]);
    if (!isUuid(id)) return { kind: "NOT_FOUND" };
    const { kept, shown } = await makeSecret(deps, tenantId, id, asked.kind);
    const untilMs = deps.nowMs() + asked.overlapHours * HOUR_MS;
    return saved(await deps.endpoints.rotate(tenantId, id, kept, untilMs), [shown]);
  };

/** Pauses an endpoint: what is told meanwhile waits. */
export const pauseEndpoint =
  ({ endpoints }: ChangeEndpointDeps) =>
  async ({ tenantId }: Caller, id: string): Promise<EndpointOutcome> =>
    isUuid(id) ? saved(await endpoints.pause(tenantId, id)) : { kind: "NOT_FOUND" };

/** Sends to an endpoint again that was paused or disabled; an open breaker closes. */
export const resumeEndpoint =
  ({ endpoints }: ChangeEndpointDeps) =>
  async ({ tenantId }: Caller, id: string): Promise<EndpointOutcome> =>
    isUuid(id) ? saved(await endpoints.resume(tenantId, id)) : { kind: "NOT_FOUND" };

/** Deletes an endpoint; false when there is none. */
export const deleteEndpoint =
  ({ endpoints }: ChangeEndpointDeps) =>
  ({ tenantId }: Caller, id: string): Promise<boolean> =>
    isUuid(id) ? endpoints.remove(tenantId, id) : Promise.resolve(false);
