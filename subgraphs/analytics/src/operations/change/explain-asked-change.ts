import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { z } from "zod";
import { explainChange, type ChangeExplanation, type ExplainDeps } from "./explain-change.ts";

const moments = { from: z.string(), to: z.string() };
const askedShape = z.object({
  question: z.record(z.string(), z.record(z.string(), z.unknown()).nullish()),
  value: z.object({ name: z.string().nullish() }).nullish(),
  ...moments,
  timeZone: z.string().default("UTC"),
  where: z.array(z.object({ dimension: z.string(), values: z.array(z.string().nullable()) })).default([]),
});

const parsed = (asked: string): z.infer<typeof askedShape> => {
  try {
    return askedShape.parse(JSON.parse(asked));
  } catch (error) {
    throw refuse("BAD_INPUT", "The change is none that another room of this graph has told of.", {}, error);
  }
};

/** Explains a change that another room tells of, as whoever asks: what they may not see, it is not explained by. */
export const explainAskedChange =
  (deps: ExplainDeps) =>
  async (caller: Caller, asked: string, signal?: AbortSignal): Promise<ChangeExplanation> => {
    if (!caller.permissions.has("analytics:read"))
      throw refuse("FORBIDDEN", "An explanation needs the permission analytics:read.", {
        permission: "analytics:read",
      });
    return explainChange(deps)(caller, parsed(asked), signal);
  };
