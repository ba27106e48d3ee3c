import { storedValue } from "../checked.ts";
import { checkOnCallSchedule, onCallDefinitionOf, type OnCallDefinition } from "./check-on-call.ts";
import type { OnCallOverride } from "./on-call-schedule.ts";

/** A schedule as it stands, with who stands in from now on. */
export interface SavedOnCallSchedule {
  readonly id: string;
  readonly definition: OnCallDefinition;
  /** Grows by one with each change. */
  readonly version: number;
  /** In the order they were put down. */
  readonly overrides: readonly OnCallOverride[];
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

/** Reads and writes schedules in the form their authors give. */
export interface OnCallCodec {
  readonly read: (definition: unknown) => OnCallDefinition;
  readonly write: (definition: OnCallDefinition) => unknown;
}

/** See {@link OnCallCodec}; what was stored once and is no schedule is a broken row. */
export const onCallCodec: OnCallCodec = {
  read: (definition) => storedValue(checkOnCallSchedule(definition), "schedule"),
  write: onCallDefinitionOf,
};
