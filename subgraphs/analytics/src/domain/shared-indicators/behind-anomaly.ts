import { z } from "zod";

/** What is told of an anomaly that people judged, as far as it says what is behind it. */
export interface JudgedAnomaly {
  readonly verdict: string | null;
  readonly question: Readonly<Record<string, unknown>> | null;
  readonly group: readonly { readonly name: string; readonly value: string | null }[];
}

const velocityShape = z.object({ by: z.string(), reported: z.unknown().optional() });

/**
 * The entity behind an anomaly that people say is true: of a rule that watches `velocity` entity by entity. Null of all others, and where the question itself goes by what others reported: their word would come back
 * to them as another's.
 */
export const entityBehind = ({
  verdict,
  question,
  group,
}: JudgedAnomaly): { readonly field: string; readonly value: string } | null => {
  const velocity = velocityShape.safeParse(question?.["velocity"]);
  if (verdict !== "TRUE" || !velocity.success) return null;
  const { by, reported } = velocity.data;
  const value = group.find(({ name }) => name === by)?.value ?? null;
  return (reported !== undefined && reported !== null) || value === null ? null : { field: by, value };
};
