import { describe, expect, test } from "@jest/globals";
import { changeOfEvent, checkChangeSource, type ChangeEvent, type ChangeSource } from "./change-source.ts";

const input = {
  ...{ name: "Builds", kind: "DEPLOY", event: "deployed", title: "release.title", link: "release.url" },
  labels: [
    { name: "service", property: "service" },
    { name: "region", property: "where.region" },
  ],
};
const sourceOf = (given: object): ChangeSource => {
  const outcome = checkChangeSource(given);
  if (!outcome.valid) throw new Error(JSON.stringify(outcome));
  return { ...outcome.value, savedBy: { kind: "USER", id: "u" }, savedAtMs: 1 };
};
const event: ChangeEvent = {
  ...{ id: "e1", atMs: 5, receivedAtMs: 6, title: " Shop 7 ", link: "https://ci.example/7", labels: ["shop", ""] },
};

describe("a source of changes", () => {
  test("makes a change of a stored event, by the properties it names", () => {
    expect(changeOfEvent(sourceOf(input), event)).toEqual({
      ...{ id: "e1", key: "e1", kind: "DEPLOY", title: "Shop 7", atMs: 5, untilMs: null, source: "Builds" },
      ...{ labels: { service: "shop" }, link: "https://ci.example/7", recordedBy: null, recordedAtMs: 6 },
    });
  });

  test("names a change by the event where it says nothing, cuts what is too long, and leaves out links that are none", () => {
    const bare = sourceOf({ name: "Flags", kind: "FLAG", event: "flag flipped" });
    expect(changeOfEvent(bare, { ...event, title: "", link: "", labels: [] })).toMatchObject({
      ...{ title: "flag flipped", link: null, labels: {} },
    });
    const long = changeOfEvent(sourceOf(input), { ...event, title: "é".repeat(400), link: "javascript:alert(1)" });
    expect([long.title, long.link]).toEqual(["é".repeat(300), null]);
  });

  test.each([
    ["name", { name: " " }],
    ["kind", { kind: "WHIM" }],
    ["event", { event: "" }],
    ["title", { title: "a b" }],
    ["labels.0.property", { labels: [{ name: "service", property: "`; DROP" }] }],
    ["labels.0.name", { labels: [{ name: "a b", property: "a" }] }],
    ["labels", { labels: ["a", "a"].map((name) => ({ name, property: "p" })) }],
  ])("is refused for its `%s`", (field, part) => {
    expect(checkChangeSource({ ...input, ...part })).toMatchObject({ valid: false, problems: [{ field }] });
  });
});
