import { beforeAll, describe, expect, it } from "@jest/globals";
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";
import { print } from "graphql";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { z } from "zod";
import {
  EventsPerNameDocument,
  NewEventsDocument,
  SendEventsDocument,
  type NewEventsSubscription,
} from "../generated/graphql.ts";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";

const START_MS = 120_000;
const answerShape = z.object({ data: z.unknown(), errors: z.array(z.object({ message: z.string() })).optional() });

let instance: SharedTenant;

/** What a tenant's developer writes: the answer has the type of the document. */
const ask = async <Data, Variables>(
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> => {
  const response = await fetch(`${instance.url}/graphql`, {
    method: "POST",
    headers: { authorization: `Bearer ${instance.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ query: print(document), variables }),
  });
  const { data, errors } = answerShape.parse(await response.json());
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  // boundary: codegen made the type from this very document and the graph's schema.
  return data as Data;
};

beforeAll(async () => {
  instance = await openTenant();
}, START_MS);

describe("a client with types generated from the graph", () => {
  it("sends events, hears of them live and asks about them, without a cast of its own", async () => {
    const client = createClient({
      url: `${instance.url.replace("http", "ws")}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${instance.apiKey}` },
    });
    const live = client.iterate<NewEventsSubscription>({ query: print(NewEventsDocument) });
    const first = live.next();
    await new Promise((resolve) => setTimeout(resolve, 1_000));

    const { ingestEvents } = await ask(SendEventsDocument, {
      events: [{ name: "typed", userId: "ada" }, { name: "" }],
    });
    expect(ingestEvents.accepted).toBe(1);
    const [accepted, rejected] = ingestEvents.outcomes;
    expect(accepted).toMatchObject({ event: { name: "typed", tenant: { slug: expect.stringMatching(/^t-/) } } });
    expect(rejected).toMatchObject({ path: "/name" });

    const heard = await first;
    expect(heard.done === true ? null : heard.value.data?.events.event.name).toBe("typed");
    await live.return?.();
    await client.dispose();

    const now = Date.now();
    const range = { from: new Date(now - 3_600_000).toISOString(), to: new Date(now + 3_600_000).toISOString() };
    const { olap } = await ask(EventsPerNameDocument, { range });
    expect(olap.rowCount).toBe(1);
    expect(
      olap.columns.map((column) => ("integers" in column ? column.integers : "texts" in column ? column.texts : [])),
    ).toEqual([["typed"], [1]]);
  });
});
