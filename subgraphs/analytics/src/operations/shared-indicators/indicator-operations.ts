import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { Features } from "@tessera/platform/features/features";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../../domain/access.ts";
import { behaviourSource } from "../../domain/behaviour-source.ts";
import type { Field } from "../../domain/field.ts";
import {
  dayOf,
  INDICATOR_LIMITS,
  indicatorPeriod,
  oldestPeriod,
  releasedBefore,
  type IndicatorBand,
  type IndicatorKind,
} from "../../domain/shared-indicators/indicator.ts";
import {
  checkJoin,
  checkReport,
  kindOfField,
  type JoinInput,
  type Membership,
  type ReportInput,
} from "../../domain/shared-indicators/membership.ts";
import type { FraudStore } from "../../store/fraud/fraud-store.ts";
import type { IndicatorStore, KeptIndicator } from "../../store/shared-indicators/indicator-store.ts";
import type { IndicatorKeys } from "./indicator-keys.ts";
import { indicatorHash, plainForm } from "./plain-form.ts";

/** What sharing indicators needs. */
export interface IndicatorDeps {
  readonly indicators: IndicatorStore;
  readonly indicatorKeys: IndicatorKeys;
  readonly fraud: Pick<FraudStore, "seen">;
  readonly features: Pick<Features, "require">;
  readonly nowMs: NowMs;
}

/** Refuses what only a tenant that shares may do. */
export const refuseStranger = (field: string): never => {
  throw refuse(
    "CONFLICT",
    "The tenant shares no indicators: join with `joinSharedIndicators` first. Only those who share are told what others do.",
    { field },
  );
};

const memberAt = ({ indicators, nowMs }: Pick<IndicatorDeps, "indicators" | "nowMs">, { tenantId }: Caller) => {
  const atMs = nowMs();
  return indicators.member(tenantId, { oldest: oldestPeriod(atMs), dayMs: dayOf(atMs) });
};

/** A membership as it is told. */
const told = ({ joinedAtMs, fields, contributed, lookedUp }: Membership) => ({
  ...{ fields, contributed },
  joinedAt: new Date(joinedAtMs).toISOString(),
  lookedUpToday: lookedUp,
  lookupsLeftToday: Math.max(0, INDICATOR_LIMITS.lookups - lookedUp),
});

const join = (deps: IndicatorDeps) => async (caller: Caller, input: JoinInput) => {
  await deps.features.require(caller.tenantId, "shared-indicators");
  const checked = checkJoin(input, accessOf(caller));
  const atMs = deps.nowMs();
  // Whoever can't be served is told so before anything is put down.
  await deps.indicatorKeys.at(atMs);
  await deps.indicators.join(caller.tenantId, { ...checked, by: caller.subject, atMs });
  const member = await memberAt(deps, caller);
  return member === null ? refuseStranger("input") : told(member);
};

/** Those of some values that the tenant's own events of late have in a field, as the caller may see them. */
const seenOf = async (deps: IndicatorDeps, caller: Caller, field: Field, values: readonly string[]) => {
  const toMs = deps.nowMs();
  const source = behaviourSource([field], caller.dataPolicy);
  const place = { table: source.table, reach: { fromMs: toMs - INDICATOR_LIMITS.seenWithinMs, toMs: toMs + 1 } };
  const { rows } = await deps.fraud.seen(caller, { field, values }, place);
  return new Set(rows);
};

const report = (deps: IndicatorDeps) => async (caller: Caller, input: ReportInput) => {
  const { field, values } = checkReport(input, accessOf(caller));
  const member = (await memberAt(deps, caller)) ?? refuseStranger("input.field");
  const kind = kindOfField(member, field.name, "input.field");
  const forms = new Map(values.map((value) => [value, plainForm(kind, value)]));
  const unusable = values.filter((value) => forms.get(value) === null);
  const usable = values.filter((value) => forms.get(value) !== null);
  const seen = usable.length === 0 ? new Set<string>() : await seenOf(deps, caller, field, usable);
  const atMs = deps.nowMs();
  const indicators = await keptIndicators(
    deps,
    kind,
    [...new Set(usable.filter((value) => seen.has(value)).flatMap((value) => forms.get(value) ?? []))],
    atMs,
  );
  const outcome = await deps.indicators.contribute(caller.tenantId, {
    ...{ source: "REPORT", indicators, atMs, oldest: oldestPeriod(atMs), most: INDICATOR_LIMITS.contributions },
  });
  if (outcome.kind === "NOT_A_MEMBER") return refuseStranger("input.field");
  if (outcome.kind === "FULL")
    throw refuse(
      "CONFLICT",
      `The tenant contributes ${outcome.contributed.toLocaleString("en-US")} identifiers, of ${INDICATOR_LIMITS.contributions.toLocaleString("en-US")} at most: withdraw some, or wait until older ones expire.`,
      { field: "input.values", limit: INDICATOR_LIMITS.contributions },
    );
  return { reported: indicators.length, unseen: usable.filter((value) => !seen.has(value)), unusable };
};

/** Identifiers in their plain forms as they are contributed at a moment. */
export const keptIndicators = async (
  { indicatorKeys }: Pick<IndicatorDeps, "indicatorKeys">,
  kind: IndicatorKind,
  forms: readonly string[],
  atMs: number,
): Promise<readonly KeptIndicator[]> => {
  const period = indicatorPeriod(atMs);
  const key = (await indicatorKeys.at(atMs)).get(period);
  if (key === undefined) throw new Error("A period has a key once it was asked for.");
  return forms.map((form) => ({ kind, period, hash: indicatorHash(key, kind, form) }));
};

const withdraw = (deps: IndicatorDeps) => async (caller: Caller, input: ReportInput) => {
  const { field, values } = checkReport(input, accessOf(caller));
  const member = (await memberAt(deps, caller)) ?? refuseStranger("input.field");
  const kind = kindOfField(member, field.name, "input.field");
  const keys = [...(await deps.indicatorKeys.at(deps.nowMs())).values()];
  const forms = values.flatMap((value) => plainForm(kind, value) ?? []);
  const hashes = keys.flatMap((key) => forms.map((form) => indicatorHash(key, kind, form)));
  return { withdrawn: await deps.indicators.withdraw(caller.tenantId, "REPORT", hashes) };
};

/** Tells of values of a field, all seen in the tenant's own events, those that enough others contributed, and in which band. */
export type ReadBands = (
  caller: Caller,
  asked: { readonly field: string; readonly where: string; readonly values: readonly string[] },
) => Promise<ReadonlyMap<string, IndicatorBand>>;

/** Builds {@link ReadBands}; refuses with CONFLICT a tenant that does not share, and with RATE_LIMITED one that has asked about too many today. */
export const createReadBands =
  (deps: Pick<IndicatorDeps, "indicators" | "indicatorKeys" | "nowMs">): ReadBands =>
  async (caller, { field, where, values }) => {
    const member = (await memberAt(deps, caller)) ?? refuseStranger(where);
    const kind = kindOfField(member, field, where);
    const atMs = deps.nowMs();
    const keys = await deps.indicatorKeys.at(atMs);
    const forms = values.map((value) => plainForm(kind, value));
    const places = [...new Set(forms.filter((form) => form !== null))];
    const hashes = places.flatMap((form, place) =>
      [...keys].map(([period, key]) => ({ place, period, hash: indicatorHash(key, kind, form) })),
    );
    if (hashes.length === 0) return new Map();
    const answer = await deps.indicators.bandsAcrossTenants(caller.tenantId, {
      ...{ hashes, releasedBeforeMs: releasedBefore(atMs), dayMs: dayOf(atMs), most: INDICATOR_LIMITS.lookups },
    });
    if (answer.kind === "NOT_A_MEMBER") return refuseStranger(where);
    if (answer.kind === "SPENT")
      throw refuse(
        "RATE_LIMITED",
        `A tenant asks about at most ${INDICATOR_LIMITS.lookups.toLocaleString("en-US")} different identifiers in a UTC day: raise \`moreThan\`, or narrow \`event\` or the range.`,
        {
          field: where,
          limit: INDICATOR_LIMITS.lookups,
          retryAfterSeconds: Math.ceil((dayOf(atMs) + 86_400_000 - atMs) / 1_000),
        },
      );
    const bandOf = new Map(places.map((form, place) => [form, answer.bands.get(place)]));
    return new Map(
      values.flatMap((value, index): readonly (readonly [string, IndicatorBand])[] => {
        const band = bandOf.get(forms[index] ?? "");
        return band === undefined ? [] : [[value, band]];
      }),
    );
  };

/** Everything that is done on request about shared indicators, ready to be called. */
export const createIndicatorOperations = (deps: IndicatorDeps) => ({
  joinSharedIndicators: join(deps),
  leaveSharedIndicators: async ({ tenantId }: Caller) => ({ deleted: (await deps.indicators.leave(tenantId)) ?? 0 }),
  reportSharedIndicators: report(deps),
  withdrawSharedIndicators: withdraw(deps),
  sharedIndicatorMembership: async (caller: Caller) => {
    const member = await memberAt(deps, caller);
    return member === null ? null : told(member);
  },
});

/** See {@link createIndicatorOperations}. */
export type IndicatorOperations = ReturnType<typeof createIndicatorOperations>;
