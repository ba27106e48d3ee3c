import { refuse } from "@tessera/platform/errors/refusal";
import {
  RestBehindEventsDocument,
  RestBehindJourneysDocument,
  RestBehindPeopleDocument,
  type BehindInput,
  type ProvenancePartsFragment,
  type RestBehindJourneysQuery,
  type RestBehindPeopleQuery,
} from "../../generated/graphql.ts";
import { provenanceHeader } from "../../answers/provenance-header.ts";
import { pageQuestion, pagesInTurn } from "../../graph/pages-in-turn.ts";
import type { GraphRouteDeps } from "../../graph/graph-question.ts";
import type { CheckedRequest } from "../../http/serve-route.ts";
import { toEvent, toItem } from "./answer.ts";
import { atMoments, behindFieldOf } from "./question.ts";

/** Items asked for at once: what a stream holds in memory, and as many as a page of the graph has at most. */
const PAGE_ITEMS = 1_000;
/** Journeys asked for at once, each with its touchpoints: as many as a page of the graph has at most. */
const PAGE_JOURNEYS = 100;

type Request = Pick<
  CheckedRequest<unknown, unknown>,
  "caller" | "traceId" | "clientAddress" | "signal" | "graphIsAsked"
>;

/** Some of what is behind a number, in REST's words, and where to go on. */
interface Items {
  readonly items: readonly unknown[];
  readonly after: string | null;
  readonly range: { readonly from: string; readonly to: string } | null;
  readonly provenance: ProvenancePartsFragment;
}

/** All of them as lines, and what the headers say of the first. */
interface Lines {
  readonly headers: Readonly<Record<string, string>>;
  readonly lines: AsyncGenerator<string>;
}

/** Asks for a page of what is behind a number. */
type PageOf = (of: BehindInput, after: string | null) => Promise<Items>;

async function* linesOf(pages: AsyncIterable<Items>): AsyncGenerator<string> {
  for await (const { items } of pages) yield items.map((item) => `${JSON.stringify(item)}\n`).join("");
}

const inLines = async (pageOf: PageOf, of: BehindInput, signal: AbortSignal): Promise<Lines> => {
  const first = await pageOf(of, null);
  const pinned = atMoments(of, first.range);
  const next = ({ after }: Items) => (after === null ? null : pageOf(pinned, after));
  const headers = { "tessera-as-of": first.provenance.asOf, ...provenanceHeader(first.provenance) };
  return { headers, lines: linesOf(pagesInTurn(first, next, signal)) };
};

/** A page of what a number counts by units, as lines tell it. */
const unitItems = ({
  nodes,
  hasNextPage,
  endCursor,
  range,
  provenance,
}: RestBehindPeopleQuery["behind"]["people"] | ReturnType<typeof journeysIn>): Items => ({
  ...{ items: nodes.map(toItem), range, provenance },
  after: hasNextPage ? endCursor : null,
});

const askEvents = pageQuestion(RestBehindEventsDocument, behindFieldOf);
const askPeople = pageQuestion(RestBehindPeopleDocument, behindFieldOf);

/** Whether a number has journeys: only those of attribution have, so that the graph may leave them out; where an error did, it is the problem. */
export const hasJourneys = ({ behind }: RestBehindJourneysQuery): boolean => behind.journeys !== null;

/** The journeys of an answer; refuses with BAD_INPUT where there are none of its kind. */
export const journeysIn = ({ behind: { journeys } }: RestBehindJourneysQuery) => {
  if (journeys !== null) return journeys;
  throw refuse("BAD_INPUT", "Only numbers of `attribution` count journeys: ask for the `events` of others.", {
    field: "of",
  });
};
const askJourneys = pageQuestion(RestBehindJourneysDocument, behindFieldOf, hasJourneys);

/** All events behind a number as lines. What is refused of the first page is refused before anything is sent. */
export const eventLines = (
  { graph }: Pick<GraphRouteDeps, "graph">,
  request: Request,
  of: BehindInput,
  people: boolean,
): Promise<Lines> =>
  inLines(
    async (asked, after) => {
      const { behind } = await askEvents(graph, request, { of: asked, first: PAGE_ITEMS, after, people });
      const { edges, pageInfo, range, provenance } = behind.events;
      return {
        ...{ items: edges.map(({ node }) => toEvent(node)), range, provenance },
        after: pageInfo.hasNextPage ? pageInfo.endCursor : null,
      };
    },
    of,
    request.signal,
  );

/** All people behind a number as lines. What is refused of the first page is refused before anything is sent. */
export const personLines = (
  { graph }: Pick<GraphRouteDeps, "graph">,
  request: Request,
  of: BehindInput,
): Promise<Lines> =>
  inLines(
    async (asked, after) =>
      unitItems((await askPeople(graph, request, { of: asked, first: PAGE_ITEMS, after })).behind.people),
    of,
    request.signal,
  );

/** All journeys behind a number of attribution as lines. What is refused of the first page is refused before anything is sent. */
export const journeyLines = (
  { graph }: Pick<GraphRouteDeps, "graph">,
  request: Request,
  of: BehindInput,
): Promise<Lines> =>
  inLines(
    async (asked, after) =>
      unitItems(journeysIn(await askJourneys(graph, request, { of: asked, first: PAGE_JOURNEYS, after }))),
    of,
    request.signal,
  );
