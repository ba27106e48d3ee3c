import { SUBJECT_KINDS, type Subject } from "@tessera/contracts/caller";

/** Kinds of subjects that something can be done for while they are not calling: their permissions can be asked for. */
const STANDING_KINDS = ["USER", "API_KEY", "CLIENT"] as const;

/** Who stands behind `KIND:id`; null for what is nobody whose permissions can be asked for later. */
export const standingSubject = (text: string): Subject | null => {
  const colon = text.indexOf(":");
  const kind = STANDING_KINDS.find((known) => known === text.slice(0, colon));
  return kind === undefined ? null : { kind, id: text.slice(colon + 1) };
};

/** Who is kept as `KIND:id`, for what is only told; a service where the kind is none we know. */
export const keptSubject = (text: string): Subject => {
  const colon = text.indexOf(":");
  const kind = SUBJECT_KINDS.find((known) => known === text.slice(0, colon));
  return { kind: kind ?? "SERVICE", id: text.slice(colon + 1) };
};
