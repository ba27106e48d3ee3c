import { DETECTOR_PARTS } from "../domain/detectors/detector-parts.ts";
import type { DetectorInput, DetectorKind } from "../generated/resolvers.ts";

// Each kind has its part of the input.
const PARTS: Readonly<Record<DetectorKind, keyof DetectorInput>> = DETECTOR_PARTS;

/** What was sent without what was sent as null: both leave a setting out. */
const told = (settings: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null && value !== undefined));

/** A detector as the domain reads it; of several, or none, what no definition is. */
const definitionOf = (input: DetectorInput): object => {
  const given = Object.entries(told(input));
  const [one, ...others] = given;
  if (one === undefined || others.length > 0) return { kind: given.map(([name]) => name).join(" and ") };
  const [name, settings] = one;
  const kind = Object.entries(PARTS).find(([, part]) => part === name)?.[0] ?? name;
  if (typeof settings !== "object" || settings === null) return { kind };
  if (!("members" in settings) || !Array.isArray(settings.members)) return { kind, ...told(settings) };
  const members = settings.members.map((member: { readonly detector: DetectorInput }) => ({
    ...told(member),
    detector: definitionOf(member.detector),
  }));
  return { kind, ...told(settings), members };
};

/** A rule's input with its detector as the domain reads it. */
export const withDetector = <Input extends { readonly detector?: DetectorInput | null | undefined }>(
  input: Input,
): Omit<Input, "detector"> & { readonly detector?: object } => {
  const { detector, ...rest } = input;
  return detector === null || detector === undefined ? rest : { ...rest, detector: definitionOf(detector) };
};
