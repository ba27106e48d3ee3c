import type { Caller } from "@tessera/contracts/caller";
import { refuse } from "@tessera/platform/errors/refusal";
import type { EventStore } from "@tessera/platform/store/event-store";
import type { NowMs } from "@tessera/platform/time/clock";
import { accessOf } from "../../domain/access.ts";
import { absoluteRange, type TimeRangeInput } from "../../domain/asked-range.ts";
import { parseEventMatcher, type EventMatcherInput } from "../../domain/event-matcher.ts";
import { TRAIT_LIMITS } from "../../domain/people/traits.ts";
import { eventsOnly, provenanceOf, type Provenance } from "../../domain/provenance.ts";
import { parseCount } from "../../domain/query.ts";
import { parseTimeRange } from "../../domain/time-range.ts";
import type { TraitTest } from "../../store/people/people-sql.ts";
import { findPeople, parsePersonCursor, type FindPeopleDeps, type Person } from "./find-people.ts";

/** People on a page: each is read about by its own events. */
const MAX_PEOPLE = 100;
/** Tests of traits in one question. */
const MAX_TESTS = 10;

/** What a trait must be, as the graph delivers it. */
export interface TraitTestInput {
  readonly trait: string;
  readonly eq?: unknown;
  readonly exists?: boolean | null | undefined;
}

/** Who is looked for, as the graph delivers it. */
export interface PeopleInput {
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

const parseTest = ({ trait, eq, exists }: TraitTestInput, where: string): TraitTest => {
  if (trait.length === 0 || trait.length > TRAIT_LIMITS.nameCharacters)
    throw refuse("BAD_INPUT", `The name of a trait has 1 to ${TRAIT_LIMITS.nameCharacters} characters.`, {
      field: `${where}.trait`,
    });
  const [equal, there] = [eq ?? null, exists ?? null];
  if ((equal === null) === (there === null))
    throw refuse("BAD_INPUT", "A trait is tested by exactly one of `eq` and `exists`.", { field: where });
  return { trait, equals: equal === null ? null : JSON.stringify(equal), exists: there ?? true };
};

/** Reads tests of traits; refuses them with FORBIDDEN under a data policy. */
export const parseTests = (caller: Caller, inputs: readonly TraitTestInput[]): readonly TraitTest[] => {
  if (inputs.length > MAX_TESTS)
    throw refuse("BAD_INPUT", `At most ${MAX_TESTS} traits are tested at once.`, { field: "input.traits" });
  if (inputs.length > 0 && caller.dataPolicy !== null)
    throw refuse("FORBIDDEN", "A data policy holds for the caller: traits are of no event it could judge.", {
      field: "input.traits",
    });
  return inputs.map((input, at) => parseTest(input, `input.traits.${at}`));
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
    const matcher = parseEventMatcher(asked.input.event ?? {}, "input.event", accessOf(caller));
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
