import type { ExecutionResult } from "graphql";
import { errorMessage } from "@tessera/platform/errors/error-message";
import { newMeter, type Meter } from "@tessera/platform/executions/meter";
import type { SubgraphConnection } from "../connections/connection.ts";
import type { SubscriptionPlan } from "../executor/federation-executor.ts";
import type { GatewayCall } from "../operations/graphql-request.ts";
import type { ErrorMasking } from "../plugins/error-masking.ts";
import type { EncodedEvent } from "./outbox.ts";
import { settleShares } from "./shared-usage.ts";
import { cursorOf, type SubscriptionField } from "./subscription-field.ts";

/** One reader of an upstream. */
export interface Subscriber {
  readonly next: (event: EncodedEvent) => void;
  /** What was read for this reader: its share of what was read for all of them. */
  readonly used: (share: Meter) => void;
  readonly complete: () => void;
  /** The stream ended for a reason; the text is the JSON of an array of errors. */
  readonly fail: (errorsJson: string) => void;
}

/** A subscription running at a subgraph, with everybody who reads it. */
export interface Upstream {
  readonly join: (subscriber: Subscriber) => void;
  /** The last one to leave ends the subgraph's subscription at once. */
  readonly leave: (subscriber: Subscriber) => void;
}

interface UpstreamParts {
  readonly connection: SubgraphConnection<GatewayCall>;
  readonly plan: SubscriptionPlan<GatewayCall>;
  readonly field: SubscriptionField;
  readonly call: Omit<GatewayCall, "signal">;
  readonly masking: ErrorMasking;
  readonly onDelivered: (messages: number) => void;
  /** The upstream ended, for whatever reason; nobody may join it any more. */
  readonly onEnd: () => void;
}

const encode = ({ field, masking, call }: UpstreamParts, { data, errors }: ExecutionResult): EncodedEvent => {
  const { traceId } = call;
  const shown = errors?.map((error) => masking.show(error, traceId));
  const failed = shown === undefined ? {} : { errors: shown, extensions: { traceId } };
  return { json: JSON.stringify({ ...failed, data: data ?? null }), cursor: cursorOf(field, data) };
};

const subscribeAt = ({ connection, plan }: UpstreamParts, call: GatewayCall, signal: AbortSignal) => {
  const { query, operationName, variables } = plan.primary;
  return connection.subscribe({ query, operationName, variables, signal }, call);
};

/** Subscribes at the subgraph; each event runs through the rest of the plan and is encoded once, whoever reads it. */
export const openUpstream = (parts: UpstreamParts): Upstream => {
  const { plan, field, masking } = parts;
  const [controller, meter, readers] = [new AbortController(), newMeter(), new Set<Subscriber>()];
  const call: GatewayCall = { ...parts.call, signal: controller.signal, meter };
  const settle = (): void => settleShares(meter, [...readers]);
  const stream = subscribeAt(parts, call, controller.signal);
  let latest: EncodedEvent | null = null;
  let ended = false;

  const end = (tell: (reader: Subscriber) => void): void => {
    if (ended) return;
    ended = true;
    settle();
    parts.onEnd();
    controller.abort();
    void stream.return?.();
    const told = [...readers];
    readers.clear();
    for (const reader of told) tell(reader);
  };
  const failWith = (errors: readonly unknown[]): void => {
    const json = JSON.stringify(errors.map((error) => masking.show(error, parts.call.traceId)));
    end((reader) => reader.fail(json));
  };
  const deliver = (event: EncodedEvent): void => {
    if (field.tellsState) latest = event;
    parts.onDelivered(readers.size);
    for (const reader of readers) reader.next(event);
  };
  const pump = async (): Promise<void> => {
    for (;;) {
      const step = await stream.next();
      if (ended) return;
      if (step.done === true) return end((reader) => reader.complete());
      // A refusal is one result without data; what comes with data is an event, whatever errors stand beside it.
      if (step.value.data === undefined) return failWith(step.value.errors ?? [new Error("a stream without data")]);
      const result = await plan.runEvent(step.value, call);
      if (ended) return;
      settle();
      deliver(encode(parts, result));
    }
  };
  const start = (): void => {
    pump().catch((error: unknown) => {
      if (!ended) failWith([error instanceof Error ? error : new Error(errorMessage(error))]);
    });
  };
  return {
    join: (subscriber) => {
      const isFirst = readers.size === 0 && latest === null;
      // What was read before is the others'.
      settle();
      readers.add(subscriber);
      if (isFirst) start();
      else if (latest !== null) subscriber.next(latest);
    },
    leave: (subscriber) => {
      settle();
      readers.delete(subscriber);
      if (readers.size === 0) end(() => {});
    },
  };
};
