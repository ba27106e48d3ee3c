import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../../domain/access.ts";
import { behaviourSource } from "../../domain/behaviour-source.ts";
import { fieldsOfMatcher, type EventMatcher } from "../../domain/event-matcher.ts";
import type { Field } from "../../domain/field.ts";
import {
  parseRings,
  RINGS_LIMITS,
  ringsOf,
  type Ring,
  type RingsInput,
  type RingsQuestion,
} from "../../domain/fraud/rings.ts";
import {
  parseVelocity,
  VELOCITY_LIMITS,
  velocityReach,
  type VelocityEntity,
  type VelocityInput,
  type VelocityQuestion,
} from "../../domain/fraud/velocity.ts";
import { provenanceOf, type Cost, type Provenance } from "../../domain/provenance.ts";
import { INDICATOR_LIMITS, reachesBand, type IndicatorBand } from "../../domain/shared-indicators/indicator.ts";
import type { TimeRange } from "../../domain/time-range.ts";
import { isoTime } from "../../domain/zone.ts";
import type { FraudStore } from "../../store/fraud/fraud-store.ts";
import type { ReadBands } from "../shared-indicators/indicator-operations.ts";
import { refuseTooManyEvents } from "../too-many-events.ts";

/** What questions about patterns of fraud need. */
export interface FraudDeps {
  readonly fraud: FraudStore;
  /** What other tenants contributed of what was seen in the caller's own events. */
  readonly readBands: ReadBands;
  readonly nowMs: NowMs;
}

/** An answer to `velocity`, as in the SDL. */
export interface VelocityAnswer {
  readonly entities: number;
  readonly top: readonly (Omit<VelocityEntity, "peakAtMs" | "firstAtMs"> & {
    readonly peakAt: string;
    readonly firstAt: string;
    readonly reported: IndicatorBand | null;
  })[];
  readonly hasMore: boolean;
  readonly provenance: Provenance;
}

/** A ring as it is told, as in the SDL. */
export interface ToldRing {
  readonly memberCount: number;
  readonly members: readonly string[];
  readonly sharedCount: number;
  readonly shared: readonly {
    readonly field: string;
    readonly value: string;
    readonly links: readonly { readonly member: string; readonly events: number; readonly firstAt: string }[];
  }[];
  readonly links: number;
  readonly events: number;
  readonly density: number;
  readonly newness: number;
  readonly score: number;
  readonly firstAt: string;
  readonly lastLinkAt: string;
}

/** An answer to `rings`, as in the SDL. */
export interface RingsAnswer {
  readonly ringCount: number;
  readonly memberCount: number;
  readonly largest: number;
  readonly hubs: number;
  readonly rings: readonly ToldRing[];
  readonly hasMore: boolean;
  readonly provenance: Provenance;
}

/** Where a question is read, and its refusal when there is too much to read. */
export const placedFraud = async (
  { fraud }: Pick<FraudDeps, "fraud">,
  caller: Caller,
  asked: {
    readonly event: EventMatcher;
    readonly by: Field;
    readonly fields: readonly Field[];
    readonly reach: TimeRange;
  },
  limit: number,
  signal: AbortSignal | undefined,
) => {
  const source = behaviourSource([...asked.fields, ...fieldsOfMatcher(asked.event)], caller.dataPolicy);
  const place = { table: source.table, reach: asked.reach };
  const size = await fraud.size(caller, asked, place, signal);
  const events = size.rows[0] ?? 0;
  refuseTooManyEvents(events, limit, "a shorter range or window, or an `event` that fewer events are");
  return { source, place, cost: size.statistics };
};

type Placed = Awaited<ReturnType<typeof placedFraud>>;

const provenance = (
  { source, place, cost }: Placed,
  costs: readonly Cost[],
  asOfMs: number,
  timeZone: string,
  { dataPolicy }: Caller,
): Provenance => {
  const facts = {
    parts: [{ table: source.table, ...place.reach }],
    ...{ rejected: source.rejected, approximations: [] },
  };
  return provenanceOf(facts, [cost, ...costs], asOfMs, timeZone, dataPolicy);
};

/** Those of the entities that enough other tenants contributed, each with its band; all of them, without, where that is not asked. */
const reportedOf = async (
  { readBands }: FraudDeps,
  caller: Caller,
  { by, reported }: VelocityQuestion,
  rows: readonly (VelocityEntity & { readonly entities: number })[],
) => {
  if (reported === null) return { entities: rows[0]?.entities ?? 0, rows: rows.map((row) => ({ ...row, band: null })) };
  const all = rows[0]?.entities ?? 0;
  if (all > INDICATOR_LIMITS.entities)
    throw refuse(
      "RESULT_TOO_LARGE",
      `There are ${all.toLocaleString("en-US")} entities beyond the bound, more than the ${INDICATOR_LIMITS.entities.toLocaleString("en-US")} that others are asked about: raise \`moreThan\`, or narrow \`event\` or the range.`,
      { field: "input.moreThan", limit: INDICATOR_LIMITS.entities },
    );
  const asked = { field: by.name, where: "input.reported", values: rows.map(({ entity }) => entity) };
  const bands = await readBands(caller, asked);
  const found = rows.flatMap((row) => {
    const band = bands.get(row.entity);
    return band !== undefined && reachesBand(band, reported) ? [{ ...row, band }] : [];
  });
  return { entities: found.length, rows: found };
};

/** Answers `velocity`: whose events, or different values of a field, were more than so many within a sliding window. */
export const queryVelocity =
  (deps: FraudDeps) =>
  async (caller: Caller, input: VelocityInput, signal?: AbortSignal): Promise<VelocityAnswer> => {
    const asOfMs = deps.nowMs();
    const question = parseVelocity(input, accessOf(caller));
    const { by, distinct, event, timeZone } = question;
    const fields = distinct === null ? [by] : [by, distinct];
    const asked = { by, event, fields, reach: velocityReach(question) };
    const at = await placedFraud(deps, caller, asked, VELOCITY_LIMITS.events, signal);
    const told = question.reported === null ? question : { ...question, first: INDICATOR_LIMITS.entities };
    const { rows, statistics } = await deps.fraud.velocity(caller, told, at.place, signal);
    const found = await reportedOf(deps, caller, question, rows);
    const top = found.rows.slice(0, question.first);
    return {
      entities: found.entities,
      top: top.map(({ peakAtMs, firstAtMs, entity, events, peak, stretches, band }) => ({
        ...{ entity, events, peak, stretches, peakAt: isoTime(peakAtMs), firstAt: isoTime(firstAtMs), reported: band },
      })),
      hasMore: found.entities > top.length,
      provenance: provenance(at, [statistics], asOfMs, timeZone, caller),
    };
  };

const toldRing = (
  { members, shared, firstAtMs, lastLinkAtMs, ...same }: Ring,
  through: readonly Field[],
): ToldRing => ({
  ...same,
  memberCount: members.length,
  members: members.slice(0, RINGS_LIMITS.toldMembers),
  sharedCount: shared.length,
  shared: shared.slice(0, RINGS_LIMITS.toldShared).map((one) => ({
    field: through[one.through]?.name ?? "",
    value: one.value,
    links: one.links.map(({ member, events, firstAtMs: atMs }) => ({ member, events, firstAt: isoTime(atMs) })),
  })),
  ...{ firstAt: isoTime(firstAtMs), lastLinkAt: isoTime(lastLinkAtMs) },
});

/** Reads the rings of a question, and what that has cost. */
export const readRings = async (
  deps: Pick<FraudDeps, "fraud">,
  caller: Caller,
  question: RingsQuestion,
  signal: AbortSignal | undefined,
) => {
  const { of, through, event, range } = question;
  const asked = { by: of, event, fields: [of, ...through], reach: range };
  const at = await placedFraud(deps, caller, asked, RINGS_LIMITS.events, signal);
  const size = await deps.fraud.ringsSize(caller, question, at.place, signal);
  const { links = 0, hubs = 0 } = size.rows[0] ?? {};
  if (links > RINGS_LIMITS.links)
    throw refuse(
      "RESULT_TOO_LARGE",
      `There are ${links.toLocaleString("en-US")} links, more than ${RINGS_LIMITS.links.toLocaleString("en-US")}: take a shorter range, fewer fields, or a smaller \`sharedByAtMost\`.`,
      { field: "input.range" },
    );
  const { rows, statistics } = await deps.fraud.rings(caller, question, at.place, signal);
  return { at, hubs, rings: ringsOf(rows, question), costs: [at.cost, size.statistics, statistics] };
};

/** Answers `rings`: who is connected by what they share. */
export const queryRings =
  (deps: FraudDeps) =>
  async (caller: Caller, input: RingsInput, signal?: AbortSignal): Promise<RingsAnswer> => {
    const asOfMs = deps.nowMs();
    const question = parseRings(input, accessOf(caller));
    const { through, timeZone } = question;
    const { at, hubs, rings, costs } = await readRings(deps, caller, question, signal);
    const told = rings.slice(0, question.first);
    return {
      ringCount: rings.length,
      memberCount: rings.reduce((sum, { members }) => sum + members.length, 0),
      largest: rings.reduce((most, { members }) => Math.max(most, members.length), 0),
      hubs,
      rings: told.map((ring) => toldRing(ring, through)),
      hasMore: rings.length > told.length,
      provenance: provenance(at, costs.slice(1), asOfMs, timeZone, caller),
    };
  };
