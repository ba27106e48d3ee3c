import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import { z } from "zod";
import type { EventPageDeps } from "../query-events.ts";
import { readAskedChange, type ExplainChangeInput, type ExplainDeps } from "./asked-change.ts";
import { sampleEvents } from "./events-behind.ts";
import { tellingUses } from "../telling-uses.ts";
import { explainChange } from "./explain-change.ts";
import { measureImpact } from "./measure-impact.ts";

const moments = { from: z.string(), to: z.string() };
const askedShape = z.object({
  question: z.record(z.string(), z.record(z.string(), z.unknown()).nullish()),
  value: z
    .object({
      ...{ name: z.string().nullish(), step: z.number().nullish(), period: z.number().nullish() },
      ...{ model: z.string().nullish(), from: z.string().nullish(), to: z.string().nullish() },
    })
    .nullish(),
  ...moments,
  timeZone: z.string().default("UTC"),
  where: z.array(z.object({ dimension: z.string(), values: z.array(z.string().nullable()) })).default([]),
});

const parsed = (asked: string): ExplainChangeInput => {
  try {
    return askedShape.parse(JSON.parse(asked));
  } catch (error) {
    throw refuse("BAD_INPUT", "The change is none that another room of this graph has told of.", {}, error);
  }
};

/** Does something about a change that another room tells of, as whoever asks: what they may not see, they are not told of. */
const about =
  <More extends readonly unknown[], Answer>(
    work: (caller: Caller, input: ExplainChangeInput, ...more: More) => Promise<Answer>,
  ) =>
  async (caller: Caller, asked: string, ...more: More): Promise<Answer> => {
    if (!caller.permissions.has("analytics:read"))
      throw refuse("FORBIDDEN", "What lies behind a change needs the permission analytics:read.", {
        permission: "analytics:read",
      });
    return work(caller, parsed(asked), ...more);
  };

/** Everything that is told of changes: why a number changed, how far that reaches, and events behind it. */
export const createChangeOperations = (deps: ExplainDeps & EventPageDeps) => {
  const eventsOfChange =
    (of: ExplainDeps & EventPageDeps) =>
    async (caller: Caller, input: ExplainChangeInput, first: number, signal?: AbortSignal) =>
      sampleEvents(of)(caller, { of: await readAskedChange(of, caller, input), conditions: [] }, first, signal);
  return {
    explainChange: tellingUses(deps, explainChange),
    explainAskedChange: about(tellingUses(deps, explainChange)),
    measureAskedImpact: about(tellingUses(deps, measureImpact)),
    namedByAsked: about((caller: Caller, input: ExplainChangeInput) => readAskedChange(deps, caller, input)),
    sampleAskedEvents: about(tellingUses(deps, eventsOfChange)),
    sampleEvents: tellingUses(deps, sampleEvents),
  };
};
