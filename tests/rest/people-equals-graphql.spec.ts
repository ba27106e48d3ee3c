import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it, jest } from "@jest/globals";
import { z } from "zod";
import { eventually } from "../testing/eventually.ts";
import { openTenant, type SharedTenant } from "../testing/shared-instance.ts";
import { createTesseraClient, type TesseraClient } from "../testing/tessera-client.ts";

jest.setTimeout(180_000);

let instance: SharedTenant;
let client: TesseraClient;
const at = (minutesAgo: number): string => new Date(Date.now() - minutesAgo * 60_000).toISOString();

const rest = async (path: string, body?: unknown, apiKey = instance.apiKey) => {
  const answer = await fetch(`${instance.url}/api/v2/analytics/${path}`, {
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
  });
  return { status: answer.status, body: z.record(z.string(), z.unknown()).parse(await answer.json()) };
};

/** The answer of the route in the words of the graph, which aliases what REST calls otherwise. */
const PERSON = `query ($input: PersonIdInput!) { personOf(input: $input) {
  id first_seen_at: firstSeenAt last_seen_at: lastSeenAt event_count: eventCount session_count: sessionCount
  revenue { currency amount events } identities { kind id } traits { name value since } cohorts { id name }
  timeline(first: 50) { edges { node { id name time session_id: sessionId } } }
} }`;
const shape = z.object({
  personOf: z.looseObject({
    id: z.string(),
    identities: z.array(z.looseObject({ kind: z.string() })),
    timeline: z.object({ edges: z.array(z.object({ node: z.looseObject({ name: z.string() }) })) }),
  }),
});
const personOf = async (input: Record<string, string>) => (await client.ask(shape, PERSON, { input })).personOf;

beforeAll(async () => {
  instance = await openTenant();
  client = createTesseraClient(instance.url, instance.apiKey);
  const event = (name: string, minutesAgo: number, rest: Record<string, unknown>) => ({
    ...{ id: randomUUID(), name, time: at(minutesAgo) },
    ...rest,
  });
  await client.send([
    event("view", 30, { anonymousId: "laptop", sessionId: "s1" }),
    event("buy", 20, { userId: "ada", revenue: "10.50", currency: "EUR" }),
    event("identify", 10, { userId: "ada", anonymousId: "phone", properties: { traits: { plan: "pro" } } }),
    event("view", 5, { anonymousId: "phone" }),
    event("view", 4, { userId: "ada@old" }),
  ]);
});

describe("people over REST", () => {
  it("are linked by events and by hand, merged, and answered as the graph answers", async () => {
    await eventually(async () => {
      expect((await personOf({ userId: "ada" })).timeline.edges).toHaveLength(3);
    });
    const linked = await rest("identify", { user_id: "ada", anonymous_id: "laptop", traits: { seats: 3 } });
    expect(linked).toEqual({ status: 200, body: { changed: true, reason: null } });
    expect((await rest("identify", { user_id: "bob", anonymous_id: "laptop" })).body).toEqual({
      ...{ changed: false, reason: "of_another" },
    });
    const merged = await rest("people/merge", { from_user_id: "ada@old", into_user_id: "ada", reason: "moved" });
    expect(merged).toEqual({ status: 200, body: { changed: true, reason: null } });
    const { timeline, identities, ...expected } = await personOf({ anonymousId: "laptop" });
    const { status, body } = await rest(`people/${expected.id}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      ...expected,
      identities: identities.map((one) => ({ ...one, kind: one.kind.toLowerCase() })),
      timeline: timeline.edges.map(({ node }) => node),
      next_cursor: null,
    });
    expect(identities).toHaveLength(4);
    expect(timeline.edges.map(({ node }) => node.name)).toEqual(["view", "view", "identify", "buy", "view"]);
    expect(body).toMatchObject({ revenue: [{ currency: "EUR", amount: "10.5", events: 1 }] });
  });

  it("of another tenant are nobody", async () => {
    const other = await openTenant();
    const { id } = await personOf({ userId: "ada" });
    const told = async (number: string) => {
      const { status, body } = await rest(`people/${number}`, undefined, other.apiKey);
      const { traceId: _own, ...text } = body;
      return JSON.stringify({ status, text }).replaceAll(number, "<id>");
    };
    expect(await told(id)).toEqual(await told("77"));
    expect(await told(id)).toContain("NOT_FOUND");
  });
});
