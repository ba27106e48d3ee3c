import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessIn } from "../../domain/access-in.ts";
import { accessOf } from "../../domain/access.ts";
import { absoluteRange, type TimeRangeInput } from "../../domain/asked-range.ts";
import { parseEventMatcher, type EventMatcherInput } from "../../domain/event-matcher.ts";
import { parseTraitTests, type TraitTest, type TraitTestInput } from "../../domain/people/trait-tests.ts";
import { eventsOnly, provenanceOf, type Provenance } from "../../domain/provenance.ts";
import { parseCount } from "../../domain/query.ts";
import type { WithMeanings } from "../../domain/semantic/dimension-expression.ts";
import { parseTimeRange } from "../../domain/time-range.ts";
import { findPeople, parsePersonCursor, type FindPeopleDeps, type Person } from "./find-people.ts";

/** People on a page: each is read about by its own events. */
const MAX_PEOPLE = 100;

/** Who is looked for, as the graph delivers it. */
export interface PeopleInput extends WithMeanings {
  readonly range: TimeRangeInput;
  readonly event?: EventMatcherInput | null | undefined;
  readonly traits?: readonly TraitTestInput[] | null | undefined;
}

/** A page of people; as in the SDL. */
export interface PeoplePage {
  readonly nodes: readonly Person[];
  readonly hasNextPage: boolean;
  readonly endCursor: string | null;
  readonly provenance: Provenance;
}

/** What listing people needs: the event store whose persons are whom they count as, beside what finding them needs. */
export interface ListPeopleDeps extends FindPeopleDeps {
  readonly eventStore: EventStore;
  readonly nowMs: NowMs;
}

/** Reads tests of traits; refuses them with FORBIDDEN under a data policy. */
export const parseTests = (caller: Caller, inputs: readonly TraitTestInput[]): readonly TraitTest[] => {
  const tests = parseTraitTests(inputs, "input.traits");
  if (tests.length > 0 && caller.dataPolicy !== null)
    throw refuse("FORBIDDEN", "A data policy holds for the caller: traits are of no event it could judge.", {
      field: "input.traits",
    });
  return tests;
};

/** Answers `people`: who did something in a range and is what the tests ask. */
export const listPeople =
  (deps: ListPeopleDeps) =>
  async (
    caller: Caller,
    asked: { readonly input: PeopleInput; readonly first: number; readonly after?: string | null | undefined },
    signal?: AbortSignal,
  ): Promise<PeoplePage> => {
    const { eventStore, peopleStatements, nowMs } = deps;
    const asOfMs = nowMs();
    const range = parseTimeRange(absoluteRange(asked.input.range, asOfMs, "UTC", "input.range"), "input.range");
    const access = accessIn(accessOf(caller), { meanings: asked.input.meanings });
    const matcher = parseEventMatcher(asked.input.event ?? {}, "input.event", access);
    const traits = parseTests(caller, asked.input.traits ?? []);
    const [first, after] = [parseCount(asked.first, "first", MAX_PEOPLE), parsePersonCursor(asked.after)];
    const statement = peopleStatements.peopleStatement(caller.tenantId, { range, matcher, traits, first, after });
    const options = signal === undefined ? {} : { signal };
    const { rows, statistics } = await eventStore.query(caller, statement, peopleStatements.personRow, options);
    const shown = rows.slice(0, first);
    const found = await findPeople(deps)(caller, shown, signal);
    return {
      nodes: found.flatMap((person) => (person === null ? [] : [person])),
      hasNextPage: rows.length > first,
      endCursor: shown.at(-1) ?? null,
      provenance: provenanceOf(eventsOnly(range), [statistics], asOfMs, "UTC", caller.dataPolicy),
    };
  };
