import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { NowMs } from "@tessera/platform/time/clock";
import { checkOnCallOverride, checkOnCallSchedule } from "../../domain/on-call/check-on-call.ts";
import { whoIsOnCall, type OnCall } from "../../domain/on-call/on-call-schedule.ts";
import type { SavedOnCallSchedule } from "../../domain/on-call/saved-schedule.ts";
import { MAX_SHIFTS, nextShifts, type Shift } from "../../domain/on-call/shifts.ts";
import type { AddedOverride, SavedSchedule } from "../../domain/silences/outcomes.ts";
import type { OnCallStore } from "../../store/on-call/on-call-store.ts";
import { keptId, soundOf } from "../silences/silence-operations.ts";

/** What asking who is on call needs. */
export interface OnCallDeps {
  readonly onCall: OnCallStore;
  readonly nowMs: NowMs;
  readonly newId: () => string;
}

/** A moment that is asked about, and how many shifts from it on; left out: now, and 20. */
export interface ShiftsAsked {
  readonly from?: string | null | undefined;
  readonly first: number;
}

/** Furthest from now that who is on call is told of: what was is not kept, and what will be is not known. */
const MAX_AWAY_MS = 366 * 86_400_000;

const momentOf = (text: string | null | undefined, field: string, nowMs: number): number => {
  if (text === null || text === undefined) return nowMs;
  const ms = Date.parse(text);
  if (Number.isNaN(ms) || Math.abs(ms - nowMs) > MAX_AWAY_MS)
    throw refuse("BAD_INPUT", "Give a moment within 366 days of now.", { field });
  return ms;
};

const checkCount = (first: number): number => {
  if (first >= 1 && first <= MAX_SHIFTS) return first;
  throw refuse("BAD_INPUT", `\`first\` must be between 1 and ${MAX_SHIFTS}.`, { field: "first" });
};

/** The next shifts of a schedule, gaps included; refuses with BAD_INPUT what lies too far away. */
export const shiftsOf =
  ({ nowMs }: Pick<OnCallDeps, "nowMs">) =>
  (
    { definition, overrides }: Pick<SavedOnCallSchedule, "definition" | "overrides">,
    { from, first }: ShiftsAsked,
  ): readonly Shift[] =>
    nextShifts(definition, overrides, momentOf(from, "from", nowMs()), checkCount(first));

/** Who is on call by a schedule, now unless another moment is asked about. */
export const onCallOf =
  ({ nowMs }: Pick<OnCallDeps, "nowMs">) =>
  (
    { definition, overrides }: Pick<SavedOnCallSchedule, "definition" | "overrides">,
    at: string | null | undefined,
  ): OnCall =>
    whoIsOnCall(definition, overrides, momentOf(at, "at", nowMs()));

const saveSchedule =
  ({ onCall, nowMs, newId }: OnCallDeps) =>
  async (
    caller: Caller,
    asked: {
      readonly id?: string | null | undefined;
      readonly version?: number | null | undefined;
      readonly input: object;
    },
  ): Promise<SavedSchedule> => {
    const { id = null, version = null } = asked;
    if ((id === null) !== (version === null))
      throw refuse(
        "BAD_INPUT",
        "Name `id` and the `version` that was read to change a schedule, neither to make one.",
        { field: "version" },
      );
    const definition = soundOf(checkOnCallSchedule(asked.input));
    if (id === null) return onCall.save(caller.tenantId, { id: newId(), version, definition }, nowMs());
    const scheduleId = keptId(id);
    return scheduleId === null
      ? { kind: "NOT_FOUND" }
      : onCall.save(caller.tenantId, { id: scheduleId, version, definition }, nowMs());
  };

const addOverride =
  ({ onCall, nowMs, newId }: OnCallDeps) =>
  async (caller: Caller, schedule: string, input: object): Promise<AddedOverride> => {
    const override = soundOf(checkOnCallOverride(input));
    const scheduleId = keptId(schedule);
    if (override.untilMs <= nowMs()) throw refuse("BAD_INPUT", "That is over already.", { field: "input.until" });
    if (scheduleId === null) return { kind: "NOT_FOUND" };
    return onCall.addOverride(
      caller.tenantId,
      scheduleId,
      { ...override, personId: override.personId.toLowerCase(), id: newId() },
      nowMs(),
    );
  };

const removeById =
  (remove: (tenantId: Caller["tenantId"], id: string) => Promise<boolean>) =>
  async (caller: Caller, text: string): Promise<boolean> => {
    const id = keptId(text);
    return id !== null && remove(caller.tenantId, id);
  };

/** Everything that is done on request about who is on call, ready to be called. */
export const createOnCallOperations = (deps: OnCallDeps) => ({
  onCallSchedules: ({ tenantId }: Caller) => deps.onCall.list(tenantId, deps.nowMs()),
  whoIsOnCall: async (caller: Caller, schedule: string, at: string | null | undefined): Promise<OnCall | null> => {
    const id = keptId(schedule);
    const found =
      id === null
        ? null
        : await deps.onCall.find(caller.tenantId, id, Math.min(deps.nowMs(), momentOf(at, "at", deps.nowMs())));
    return found === null ? null : onCallOf(deps)(found, at);
  },
  previewOnCall: (input: object, asked: ShiftsAsked): readonly Shift[] =>
    shiftsOf(deps)({ definition: soundOf(checkOnCallSchedule(input)), overrides: [] }, asked),
  ...{ shiftsOf: shiftsOf(deps), onCallOf: onCallOf(deps) },
  ...{ saveOnCallSchedule: saveSchedule(deps), addOnCallOverride: addOverride(deps) },
  deleteOnCallSchedule: removeById(deps.onCall.remove),
  removeOnCallOverride: removeById(deps.onCall.removeOverride),
});

/** See {@link createOnCallOperations}. */
export type OnCallOperations = ReturnType<typeof createOnCallOperations>;
