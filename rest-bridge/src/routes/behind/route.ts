import { Readable } from "node:stream";
import type { Caller } from "@tessera/contracts/caller";
import type { HttpServer } from "@tessera/platform/http/server";
import { nextCursor } from "../../answers/next-cursor.ts";
import { inRestWords } from "../../answers/in-rest-words.ts";
import { toProvenance } from "../../answers/provenance.ts";
import {
  RestBehindCountsDocument,
  RestBehindEventsDocument,
  RestBehindJourneysDocument,
  RestBehindPeopleDocument,
  type BehindInput,
} from "../../generated/graphql.ts";
import type { Warning } from "../../graph/answered.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { toEvent, toItem } from "./answer.ts";
import {
  behindDescription,
  behindEventsDescription,
  behindEventsNdjsonDescription,
  behindJourneysDescription,
  behindJourneysNdjsonDescription,
  behindPeopleDescription,
  behindPeopleNdjsonDescription,
} from "./description.ts";
import { eventLines, hasJourneys, journeyLines, journeysIn, personLines } from "./lines.ts";
import { behindFieldOf, DEFAULT_PAGE, tenantsNamed, toBehindInput, type NumberOfAnswer } from "./question.ts";

const counts = graphQuestion(RestBehindCountsDocument, behindFieldOf);
const events = graphQuestion(RestBehindEventsDocument, behindFieldOf);
const people = graphQuestion(RestBehindPeopleDocument, behindFieldOf);
const journeys = graphQuestion(RestBehindJourneysDocument, behindFieldOf, hasJourneys);

interface Asked {
  readonly tenant_id?: string;
  readonly of: NumberOfAnswer;
}

/** The number that is asked about, of the caller's own tenant. */
const numberOf = (caller: Caller, { tenant_id: tenantId, of }: Asked): BehindInput => {
  for (const named of [tenantId, ...tenantsNamed(of)]) ownTenant(caller, named);
  return toBehindInput(of);
};

const pageOf = ({ first = DEFAULT_PAGE, after }: { readonly first?: number; readonly after?: string }) => ({
  first,
  after: after ?? null,
});

/** Whose an event is, is asked for only where it may be seen: refused in every event it would tell nothing of the others. */
const seesPeople = ({ permissions }: Caller): boolean => permissions.has("analytics:personal-data");

const withWarnings = (warnings: readonly Warning[]) => (warnings.length === 0 ? {} : { warnings });

const registerCounts = (server: HttpServer, deps: GraphRouteDeps): void =>
  serveRoute(server, deps, behindDescription, async (request) => {
    const of = numberOf(request.caller, request.body);
    const { data, warnings } = await counts(deps.graph, request, { of });
    const { units, people: persons, events: found, credit, creditedValue, range, provenance } = data.behind.counts;
    return {
      ...{ units, people: persons, events: found, credit, credited_value: creditedValue },
      ...{ range: inRestWords(range), provenance: toProvenance(provenance), ...withWarnings(warnings) },
    };
  });

const registerEvents = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, behindEventsDescription, async (request) => {
    const { body, caller } = request;
    const of = numberOf(caller, body);
    const { data, warnings } = await events(deps.graph, request, {
      ...{ of, ...pageOf(body), people: seesPeople(caller) },
    });
    const { edges, pageInfo, range, provenance } = data.behind.events;
    return {
      ...{ events: edges.map(({ node }) => toEvent(node)), next_cursor: nextCursor(pageInfo) },
      ...{ range: inRestWords(range), provenance: toProvenance(provenance), ...withWarnings(warnings) },
    };
  });
  serveRoute(server, deps, behindEventsNdjsonDescription, async (request) => {
    const { body, caller, addHeaders } = request;
    const { headers, lines } = await eventLines(deps, request, numberOf(caller, body), seesPeople(caller));
    addHeaders(headers);
    return Readable.from(lines, { objectMode: false, highWaterMark: 1 });
  });
};

const registerBehindPeople = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, behindPeopleDescription, async (request) => {
    const { body, caller } = request;
    const { data, warnings } = await people(deps.graph, request, { of: numberOf(caller, body), ...pageOf(body) });
    const { nodes, range, provenance, ...place } = data.behind.people;
    return {
      ...{ people: nodes.map(toItem), next_cursor: nextCursor(place) },
      ...{ range: inRestWords(range), provenance: toProvenance(provenance), ...withWarnings(warnings) },
    };
  });
  serveRoute(server, deps, behindPeopleNdjsonDescription, async (request) => {
    const { headers, lines } = await personLines(deps, request, numberOf(request.caller, request.body));
    request.addHeaders(headers);
    return Readable.from(lines, { objectMode: false, highWaterMark: 1 });
  });
};

const registerJourneys = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, behindJourneysDescription, async (request) => {
    const { body, caller } = request;
    const { data, warnings } = await journeys(deps.graph, request, { of: numberOf(caller, body), ...pageOf(body) });
    const { nodes, range, provenance, ...place } = journeysIn(data);
    return {
      ...{ journeys: nodes.map(toItem), next_cursor: nextCursor(place) },
      ...{ range: inRestWords(range), provenance: toProvenance(provenance), ...withWarnings(warnings) },
    };
  });
  serveRoute(server, deps, behindJourneysNdjsonDescription, async (request) => {
    const { headers, lines } = await journeyLines(deps, request, numberOf(request.caller, request.body));
    request.addHeaders(headers);
    return Readable.from(lines, { objectMode: false, highWaterMark: 1 });
  });
};

/** Adds the addresses under /api/v2/analytics/behind. */
export const registerBehind = (server: HttpServer, deps: GraphRouteDeps): void => {
  registerCounts(server, deps);
  registerEvents(server, deps);
  registerBehindPeople(server, deps);
  registerJourneys(server, deps);
};
