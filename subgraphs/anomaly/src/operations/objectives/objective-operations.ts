import type { Caller } from "@tessera/contracts/caller";
import { Refusal, refuse } from "@tessera/platform/errors/refusal";
import { z } from "zod";
import { checkObjective } from "../../domain/objectives/check-objective.ts";
import { bucketOf, questionOfIndicator } from "../../domain/objectives/objective-question.ts";
import { followObjective, keptOf } from "../../domain/objectives/objective-rule.ts";
import type {
  DeletedObjective,
  Objective,
  SavedObjective,
  SavedObjectiveOutcome,
} from "../../domain/objectives/objective.ts";
import type { RuleChange } from "../../domain/rule-change.ts";
import type { Rule } from "../../domain/rule.ts";
import { BUCKET_MS } from "../../domain/rules/watch.ts";
import type { ObjectiveStore } from "../../store/objectives/objective-store.ts";
import { keptId, soundOf } from "../silences/silence-operations.ts";
import { readGroups, readObjective, type ReadObjectiveDeps } from "./read-objective.ts";

/** What objectives need. */
export interface ObjectiveDeps extends ReadObjectiveDeps {
  readonly objectives: ObjectiveStore;
  readonly newId: () => string;
}

/** What is to be saved: a new objective, or a change of one that was read. */
export interface ObjectiveToSave {
  readonly id?: string | null | undefined;
  readonly version?: number | null | undefined;
  readonly input: object;
}

/** Where what the question of an objective is made of stands in the objective's input, by where it stands in the question. */
const placesOf = ({ kind }: Objective["indicator"]): readonly (readonly [RegExp, string])[] => {
  const name = { EVENTS: "events", LATENCY: "latency", SLICES: "slices" }[kind];
  const field =
    kind === "LATENCY" ? ([[/^filter\.and\.1\..*|^filter\.or\..*/, "indicator.latency.field"]] as const) : [];
  return [
    ...field,
    [/^filter\.and\.0/, kind === "LATENCY" ? "indicator.latency.of" : `indicator.${name}.of.and.0`],
    [/^filter/, `indicator.${name}.of`],
    [/^measures\.0\.filter/, kind === "LATENCY" ? "indicator.latency" : "indicator.events.good"],
    [/^metrics\.0(\.name)?/, "indicator.slices.metric"],
    [/^dimensions\.0/, "groupBy"],
  ];
};

const placeOf = (objective: Objective, field: string): string => {
  const [, place = ""] = /^input\.question\.olap\.?(.*)$/.exec(field) ?? [];
  const known = placesOf(objective.indicator).find(([pattern]) => pattern.test(place));
  return known === undefined ? "input.indicator" : `input.${place.replace(known[0], known[1])}`;
};

/** Asks what an objective measures once, for a bucket or two, as who writes it: what the analytics room refuses of it is refused here, at the place where it stands. */
const tryObjective = async (
  { askAnalytics, nowMs }: ObjectiveDeps,
  caller: Caller,
  { objective, allowUnknown }: { readonly objective: Objective; readonly allowUnknown: boolean },
) => {
  const { indicator, groupBy, timeZone } = objective;
  const granularity = bucketOf(indicator);
  const toMs = nowMs();
  const span = {
    from: new Date(toMs - 2 * BUCKET_MS[granularity]).toISOString(),
    to: new Date(toMs).toISOString(),
    heaviestFrom: null,
    allowUnknown,
  };
  try {
    const asked = { ...questionOfIndicator(indicator, groupBy), granularity, timeZone, maxSeries: 1, ...span };
    await askAnalytics.watchedSeries(caller, asked);
  } catch (error) {
    if (!(error instanceof Refusal) || !(error.extras.field ?? "").startsWith("input.")) throw error;
    const field = placeOf(objective, error.extras.field ?? "");
    throw refuse(error.code, error.message, { ...error.extras, field }, error);
  }
};

/** Has a rule follow its objective; refuses the objective where the rule can't. */
const follow = ({ id, definition }: SavedObjective, rule: Rule): RuleChange => {
  const change = followObjective(id, definition, rule);
  if (change.kind !== "REJECT") return change;
  const said = change.problems.map(({ message }) => message).join(" ");
  throw refuse("BAD_INPUT", `The rule "${rule.name}" can't go on with it: ${said} Change or delete the rule first.`, {
    field: "input",
  });
};

const unknownInput = z.object({ allowUnknown: z.boolean().nullish() });

const save =
  (deps: ObjectiveDeps) =>
  async (caller: Caller, { id = null, version = null, input }: ObjectiveToSave): Promise<SavedObjectiveOutcome> => {
    if ((id === null) !== (version === null))
      throw refuse(
        "BAD_INPUT",
        "Name `id` and the `version` that was read to change an objective, neither to make one.",
        {
          field: "version",
        },
      );
    const definition = soundOf(checkObjective(input));
    const allowUnknown = unknownInput.parse(input).allowUnknown === true;
    await tryObjective(deps, caller, { objective: definition, allowUnknown });
    const objectiveId = id === null ? deps.newId() : keptId(id);
    if (objectiveId === null) return { kind: "NOT_FOUND" };
    const outcome = await deps.objectives.save(
      ...([caller.tenantId, { id: objectiveId, version, definition }] as const),
      {
        changing: (saved, rule) => ({ decide: (held) => follow(saved, held), ...keptOf(rule) }),
        change: { by: caller.subject, note: "The objective was changed.", atMs: deps.nowMs() },
      },
    );
    return "saved" in outcome ? { kind: outcome.kind, objective: outcome.saved } : outcome;
  };

/** Everything that is done on request about objectives, ready to be called. */
export const createObjectiveOperations = (deps: ObjectiveDeps) => ({
  objectives: ({ tenantId }: Caller): Promise<readonly SavedObjective[]> => deps.objectives.list(tenantId),
  saveObjective: save(deps),
  deleteObjective: async ({ tenantId }: Caller, text: string): Promise<DeletedObjective> => {
    const id = keptId(text);
    return id === null ? { kind: "NOT_FOUND" } : deps.objectives.remove(tenantId, id);
  },
  objectiveStatus: readObjective(deps),
  objectiveGroups: readGroups(deps),
});

/** See {@link createObjectiveOperations}. */
export type ObjectiveOperations = ReturnType<typeof createObjectiveOperations>;
