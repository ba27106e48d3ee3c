import { refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import type { Static } from "typebox";
import { wordsOf } from "../../answers/in-rest-words.ts";
import {
  RestDeleteExpectationDocument,
  RestExpectationsDocument,
  RestSaveExpectationDocument,
  type ExpectationVersionPartsFragment,
  type KeptExpectationPartsFragment,
  type SaveExpectationInput,
} from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { toAllowUnknown } from "../../http/question-parts.ts";
import { serveRoute } from "../../http/serve-route.ts";
import { toExpectation } from "../event-quality/expectation.ts";
import { toFilter } from "../realtime-query/filter.ts";
import * as descriptions from "./description.ts";
import { asRestField, asRestFilter, given } from "./filter.ts";

const ID = "expectation_id";
const naming = (field: string): string => (field === "id" ? ID : field);
/** The number of verdicts stands in the list's own query. */
const listNaming = (field: string): string => (field.endsWith("first") ? "verdicts" : field);

const list = graphQuestion(RestExpectationsDocument, listNaming);
const save = graphQuestion(RestSaveExpectationDocument);
const remove = graphQuestion(RestDeleteExpectationDocument, naming);

const inWords = wordsOf(new Set(["verdict", "kind", "type"]));

/** A version in REST's words: what it expects can be sent as it is told. */
const toVersion = (told: ExpectationVersionPartsFragment) => {
  const { where, holds, present, valid, unique, timely, ...rest } = told;
  const [meant, held] = [asRestFilter(where), asRestFilter(holds)];
  const { type, field, ...tests } = valid ?? { type: null, field: "" };
  return {
    ...given({
      where: meant,
      holds: held,
      present: present === null ? null : { field: asRestField(present.field) },
      valid:
        valid === null
          ? null
          : given({ ...tests, __typename: null, field: asRestField(field), type: type?.toLowerCase() ?? null }),
      unique: unique === null ? null : { fields: unique.fields.map(asRestField) },
      timely: timely === null ? null : { within: timely.within },
    }),
    // boundary: an object stays one.
    ...(inWords(rest) as object),
  };
};

type Told = KeptExpectationPartsFragment & {
  readonly versions?: readonly ExpectationVersionPartsFragment[];
  readonly verdicts?: readonly object[];
};

const toKept = ({ definition, versions, ...rest }: Told) => ({
  // boundary: an object stays one.
  ...(inWords(rest) as object),
  definition: toVersion(definition),
  ...(versions === undefined ? {} : { versions: versions.map(toVersion) }),
});

const toSave = (asked: Static<typeof descriptions.saveExpectationSchema>): SaveExpectationInput => {
  const { event, where, expect, span, expected_version: expectedVersion } = asked;
  return {
    expect: toExpectation(expect),
    ...(event === undefined ? {} : { event }),
    ...(where === undefined ? {} : { where: toFilter(where) }),
    ...(span === undefined ? {} : { span }),
    ...(expectedVersion === undefined ? {} : { expectedVersion }),
    ...toAllowUnknown(asked),
  };
};

const tooMany = (limit: number, event: string | null) =>
  refuse("CONFLICT", `There are ${limit} expectations${event === null ? "" : ` of \`${event}\``}: delete one.`);

/** Users that a problem names; the graph tells more. */
const MAX_NAMED = 5;
const inUse = (users: readonly { readonly kind: string; readonly id: string; readonly name: string | null }[]) => {
  const named = users.slice(0, MAX_NAMED).map(({ kind, id, name }) => `${kind.toLowerCase()} \`${name ?? id}\``);
  const others = users.length > MAX_NAMED ? ` and ${users.length - MAX_NAMED} more` : "";
  return refuse("CONFLICT", `The expectation is named by ${named.join(", ")}${others}: change them first.`, {
    field: ID,
  });
};

/** Adds every address of kept expectations, under /api/v2/analytics/expectations. */
export const registerExpectations = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, descriptions.expectationsDescription, async (request) => {
    const { tenant_id: tenantId, event, verdicts, versions } = request.query;
    ownTenant(request.caller, tenantId);
    const count = Number(verdicts ?? "0");
    const { data } = await list(deps.graph, request, {
      ...{ event: event ?? null, verdicts: Math.max(1, count), withVerdicts: count > 0 },
      withVersions: versions === "true",
    });
    return { expectations: data.expectations.map(toKept) };
  });
  serveRoute(server, deps, descriptions.saveExpectationDescription, async (request) => {
    ownTenant(request.caller, request.body.tenant_id);
    const outcome = (await save(deps.graph, request, { input: toSave(request.body) })).data.saveExpectation;
    if (outcome.__typename === "TooManyExpectations") throw tooMany(outcome.limit, outcome.event);
    return { changed: outcome.changed, expectation: toKept(outcome.expectation) };
  });
  serveRoute(server, deps, descriptions.removeExpectationDescription, async (request) => {
    const outcome = (await remove(deps.graph, request, { id: request.path[ID] })).data.deleteExpectation;
    if (outcome.__typename === "ExpectationNotFound")
      throw refuse("NOT_FOUND", "The tenant has no expectation of this id.", { field: ID });
    if (outcome.__typename === "ExpectationInUse") throw inUse(outcome.users);
    return { id: outcome.id };
  });
};
