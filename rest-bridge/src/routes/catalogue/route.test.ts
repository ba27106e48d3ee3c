import { beforeEach, describe, expect, it } from "@jest/globals";
import { Value } from "typebox/value";
import type { RestCatalogueEventNamesQuery, RestCataloguePropertiesQuery } from "../../generated/graphql.ts";
import { bridgeOfTests } from "../../testing/bridge-of-tests.ts";
import { OTHER_TENANT } from "../../testing/running-bridge.ts";
import { catalogueEventNamesDescription, cataloguePropertiesDescription } from "./description.ts";

const PROPERTIES = "/api/v2/analytics/catalogue/properties";
const NAMES = "/api/v2/analytics/catalogue/event-names";
const seen = { firstSeen: "2026-11-01T00:00:00.000Z", lastSeen: "2026-11-02T00:00:00.000Z" };

const listed: RestCataloguePropertiesQuery = {
  dimensions: {
    catalogue: {
      edges: [
        {
          node: {
            ...{ ...seen, name: "properties.cart.totalValue", events: 3, hasMoreEventNames: false },
            types: [{ type: "NUMBER", events: 3 }],
            eventNames: [{ name: "addToCart", events: 3 }],
          },
        },
      ],
      pageInfo: { hasNextPage: true, endCursor: "Y2FydA" },
    },
  },
};
const named: RestCatalogueEventNamesQuery = {
  dimensions: {
    eventNames: {
      edges: [{ node: { ...seen, name: "addToCart", events: "9007199254740993" } }],
      pageInfo: { hasNextPage: false, endCursor: "YWRk" },
    },
  },
};

const bridge = bridgeOfTests();
beforeEach(() => {
  bridge.graph.calls.length = 0;
  bridge.graph.decide(() => ({ data: listed, rateLimit: {} }));
});
const get = async (address: string) => {
  const answer = await bridge.ask(address);
  const body: unknown = await answer.json();
  return { status: answer.status, body };
};

describe("GET /api/v2/analytics/catalogue/properties", () => {
  it("lists properties as they were sent, in REST's words, as its description says", async () => {
    const { status, body } = await get(`${PROPERTIES}?prefix=cart.&event=addToCart&first=1&after=YQ`);
    expect(status).toBe(200);
    expect(body).toEqual({
      properties: [
        {
          ...{ name: "properties.cart.totalValue", types: [{ type: "number", events: 3 }], events: 3 },
          ...{ first_seen: seen.firstSeen, last_seen: seen.lastSeen },
          ...{ event_names: [{ name: "addToCart", events: 3 }], has_more_event_names: false },
        },
      ],
      next_cursor: "Y2FydA",
    });
    expect([...Value.Errors(cataloguePropertiesDescription.answers[200].schema, body)]).toEqual([]);
    const asked = { prefix: "cart.", event: "addToCart", first: 1, after: "YQ" };
    expect(bridge.graph.calls[0]?.variables).toEqual(asked);
  });

  it("calls what the graph complains about by the name of the parameter", async () => {
    const extensions = { code: "BAD_INPUT", field: "dimensions.catalogue.first" };
    bridge.graph.decide(() => ({ errors: [{ message: "Too many.", extensions }], rateLimit: {} }));
    expect(await get(`${PROPERTIES}?first=501`)).toMatchObject({ status: 400, body: { field: "first" } });
  });

  it("is the caller's own, and takes no other parameter", async () => {
    expect(await get(`${PROPERTIES}?tenant_id=${OTHER_TENANT}`)).toMatchObject({ status: 403 });
    expect(await get(`${PROPERTIES}?name=x`)).toMatchObject({ status: 400, body: { field: "name" } });
    expect(bridge.graph.calls).toEqual([]);
  });
});

describe("GET /api/v2/analytics/catalogue/event-names", () => {
  it("lists names of events as its description says", async () => {
    bridge.graph.decide(() => ({ data: named, rateLimit: {} }));
    const { status, body } = await get(NAMES);
    expect([status, body]).toEqual([
      200,
      {
        event_names: [
          {
            ...{ name: "addToCart", events: "9007199254740993" },
            ...{ first_seen: seen.firstSeen, last_seen: seen.lastSeen },
          },
        ],
        next_cursor: null,
      },
    ]);
    expect([...Value.Errors(catalogueEventNamesDescription.answers[200].schema, body)]).toEqual([]);
    expect(bridge.graph.calls[0]?.variables).toEqual({ prefix: "", first: 50, after: null });
    expect(await get(`${NAMES}?event=x`)).toMatchObject({ status: 400, body: { field: "event" } });
  });
});
