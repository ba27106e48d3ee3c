import type { Caller } from "@tessera/contracts/caller";
import { createKeptForAWhile } from "@tessera/platform/runtime/kept-for-a-while";
import { policyFingerprint } from "@tessera/platform/store/data-policy";
import type { NowMs } from "@tessera/platform/time/clock";
import { BUILT_IN_DIMENSIONS, type BuiltInDimension } from "../../domain/semantic/built-in-dimensions.ts";
import { BUILT_IN_METRICS, type BuiltInMetric } from "../../domain/semantic/built-in-metrics.ts";
import { MAX_DEFINITIONS, type Dimension } from "../../domain/semantic/definition.ts";
import {
  EVENT_DIMENSIONS,
  propertyDimensions,
  type EventDimension,
  type PropertyDimension,
} from "../../domain/semantic/dimensions.ts";
import type { Hierarchy } from "../../domain/semantic/hierarchy.ts";
import { isoTime } from "../../domain/zone.ts";
import type { DefinitionStore } from "../../store/semantic/definition-store-types.ts";
import type { PropertyPathStore } from "../../store/semantic/property-paths.ts";
import { knownHierarchies } from "./drill.ts";
import { SEEN_BY_READERS } from "./seen-by-readers.ts";

/** What events can be asked about, as in the SDL. */
export interface Dimensions {
  readonly fields: readonly EventDimension[];
  readonly properties: readonly PropertyDimension[];
  readonly hasMoreProperties: boolean;
  readonly metrics: readonly BuiltInMetric[];
  readonly builtIn: readonly BuiltInDimension[];
  readonly own: readonly Dimension[];
  readonly hierarchies: readonly Hierarchy[];
  readonly since: string;
  readonly asOf: string;
}

/** Paths told: a menu of more is of no use. */
const MAX_PATHS = 500;
/** How long an answer is kept: menus are opened often, and properties change seldom. */
const KEPT_MS = 60_000;
/** Answers kept, one per tenant and data policy. */
const MAX_KEPT = 1_000;

/** What is kept: all but what is there as soon as it is defined. */
type Seen = Omit<Dimensions, "hierarchies" | "metrics" | "builtIn" | "own">;

const ownDimensions = async (definitions: DefinitionStore, { tenantId }: Caller): Promise<readonly Dimension[]> => {
  const page = { first: MAX_DEFINITIONS.DIMENSION, after: null, archived: false };
  return (await definitions.list(tenantId, "DIMENSION", page)).flatMap((one) =>
    one.kind === "DIMENSION" ? [one] : [],
  );
};

/** Lists what events can be grouped and filtered by, from what the caller may see of them. */
export const listDimensions = ({
  propertyPaths,
  definitions,
  nowMs,
}: {
  readonly propertyPaths: PropertyPathStore;
  readonly definitions: DefinitionStore;
  readonly nowMs: NowMs;
}) => {
  const kept = createKeptForAWhile<string, Seen>({ ms: KEPT_MS, most: MAX_KEPT, nowMs });
  const look = async (caller: Caller, atMs: number, signal: AbortSignal | undefined): Promise<Seen> => {
    const sample = { sinceMs: atMs - SEEN_BY_READERS.ms, events: SEEN_BY_READERS.events, paths: MAX_PATHS };
    const rows = await propertyPaths(caller, sample, signal);
    return {
      fields: EVENT_DIMENSIONS,
      properties: propertyDimensions(rows.slice(0, MAX_PATHS)),
      hasMoreProperties: rows.length > MAX_PATHS,
      since: isoTime(sample.sinceMs),
      asOf: isoTime(atMs),
    };
  };
  const seen = async (caller: Caller, signal: AbortSignal | undefined): Promise<Seen> => {
    const key = `${caller.tenantId} ${policyFingerprint(caller.dataPolicy)}`;
    const before = kept.get(key);
    if (before !== undefined) return before;
    const atMs = nowMs();
    const answer = await look(caller, atMs, signal);
    kept.keep(key, answer, atMs);
    return answer;
  };
  return async (caller: Caller, signal?: AbortSignal): Promise<Dimensions> => ({
    ...(await seen(caller, signal)),
    metrics: BUILT_IN_METRICS,
    builtIn: BUILT_IN_DIMENSIONS,
    own: await ownDimensions(definitions, caller),
    hierarchies: await knownHierarchies({ definitions }, caller),
  });
};
