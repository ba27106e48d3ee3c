import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { buildSchema, parse, validate } from "graphql";
import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { isPermission } from "@tessera/contracts/permissions";
import { findEventType, UNTOLD_TOPICS, webhookEventTypes } from "./event-types.ts";
import { bodyOf, MAX_BODY_BYTES } from "./message.ts";
import { orderingKey, subjectOf, wants } from "./wants.ts";

const ajv = addFormats.default(new Ajv2020({ strict: true }));
const root = new URL("../../../../../", import.meta.url);
const supergraph = buildSchema(readFileSync(new URL("supergraph.graphql", root), "utf8"), { assumeValid: true });
const names = webhookEventTypes.map(({ name }) => name);
const at = { readAtMs: 1_795_000_000_000, graphUrl: "https://tessera.example/graphql" };

describe("the catalogue", () => {
  it("has each topic of the event log: told as some type, or left out with a reason", () => {
    const folder = new URL("contracts/src/events/", root);
    const topics = readdirSync(folder).flatMap((file) =>
      [
        ...readFileSync(new URL(file, folder), "utf8").matchAll(/^export const [A-Z_]+ = "([a-z-]+\.[a-z.-]+)";$/gm),
      ].map(([, topic = ""]) => topic),
    );
    const told = new Set(webhookEventTypes.flatMap(({ topic }) => (topic === null ? [] : [topic])));
    expect(topics.length).toBeGreaterThan(15);
    expect(topics.filter((topic) => told.has(topic) === (UNTOLD_TOPICS[topic] !== undefined))).toEqual([]);
  });

  it("names types as Standard Webhooks asks for, each once", () => {
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9_]+(?:\.[a-z0-9_]+)+$/);
  });

  it.each(names)(
    "%s: its example fits its schema, its permission is one, what it reads the rest with is a question",
    (name) => {
      const type = findEventType(name);
      if (type === null) throw new Error("It is in the catalogue.");
      const schema = type.schema();
      expect(schema["$schema"]).toBe("https://json-schema.org/draft/2020-12/schema");
      const { data } = type.example();
      const fits = ajv.compile(schema);
      expect([fits(data), fits.errors]).toEqual([true, null]);
      expect(fits({ ...data, surprise: 1 })).toBe(false);
      expect(type.ids.filter((id) => !(id in data))).toEqual([]);
      expect(isPermission(type.permission)).toBe(true);
      if (!name.startsWith("webhook.")) expect(validate(supergraph, parse(type.question(data)))).toEqual([]);
      const body: unknown = JSON.parse(bodyOf(type, type.example(), at));
      expect(body).toMatchObject({ type: name, version: type.version, data });
    },
  );
});

describe("a body", () => {
  const type = findEventType("alert.changed");
  if (type === null) throw new Error("It is in the catalogue.");

  it("has less than 20 kB whatever is told: too large a one keeps its ids, and a link to the rest", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 12_000 });
    fc.assert(
      fc.property(text, fc.dictionary(fc.string(), text, { maxKeys: 3 }), (because, labels) => {
        const { data, ...same } = type.example();
        const whole = { ...data, because, labels };
        const body = bodyOf(type, { ...same, data: whole }, at);
        expect(Buffer.byteLength(body)).toBeLessThan(MAX_BODY_BYTES);
        const told: unknown = JSON.parse(body);
        const full = JSON.stringify({
          ...{ type: type.name, timestamp: new Date(same.occurredAtMs ?? 0).toISOString(), version: 1, data: whole },
        });
        if (Buffer.byteLength(full) < MAX_BODY_BYTES) expect(body).toBe(full);
        else
          expect(told).toMatchObject({
            data: { transitionId: data["transitionId"], anomalyId: data["anomalyId"] },
            thinned: { link: expect.stringMatching(/^https:\/\/tessera\.example\/graphql\?query=%7B%20anomaly/) },
          });
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });
});

describe("what an endpoint is told", () => {
  const fired = findEventType("anomaly.fired");
  const changed = findEventType("webhook.endpoint_changed");
  if (fired === null || changed === null) throw new Error("They are in the catalogue.");
  const endpoint = { id: "e", eventTypes: [], labels: [] };

  it.each([
    [{ eventTypes: [] }, true],
    [{ eventTypes: ["anomaly.fired"] }, true],
    [{ eventTypes: ["alert.changed"] }, false],
    [{ labels: [{ name: "team", value: "payments" }] }, true],
    [{ labels: [{ name: "team", value: "search" }] }, false],
    [{ labels: [{ name: "toString", value: "x" }] }, false],
    [
      {
        labels: [
          { name: "team", value: "payments" },
          { name: "country", value: "FR" },
        ],
      },
      false,
    ],
  ])("%j: %p", (more, expected) => {
    expect(wants({ ...endpoint, ...more }, fired, fired.example())).toBe(expected);
  });

  it("is not that it was changed itself", () => {
    const told = changed.example();
    expect(wants(endpoint, changed, told)).toBe(true);
    expect(wants({ ...endpoint, id: String(told.data["endpointId"]) }, changed, told)).toBe(false);
  });

  it("is in order by what it is about when it asks so: all types of one topic together", () => {
    const all = findEventType("alert.changed");
    if (all === null) throw new Error("It is in the catalogue.");
    const subject = subjectOf(fired, fired.example());
    expect(subjectOf(all, all.example())).toBe(subject);
    expect((["NONE", "SUBJECT", "ALL"] as const).map((ordering) => orderingKey({ ordering }, subject))).toEqual([
      ...[null, subject, "*"],
    ]);
  });
});
