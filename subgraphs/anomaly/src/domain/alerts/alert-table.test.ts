import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { tell } from "../../testing/alert-stories.ts";

const text = readFileSync(new URL("../../../../../docs/alerts.md", import.meta.url), "utf8");

/** The rows of the table in docs/alerts.md whose head begins with these columns, each cell without its quotes. */
const table = (...head: readonly string[]): readonly (readonly string[])[] => {
  const rows = text.split("\n").map((line) => (line.startsWith("|") ? line.split("|").slice(1, -1) : []));
  const cells = rows.map((row) => row.map((cell) => cell.trim().replaceAll("`", "")));
  const place = cells.findIndex((row) => head.every((name, column) => row[column]?.startsWith(name) ?? false));
  const end = cells.findIndex((row, line) => line > place && row.length === 0);
  return cells.slice(place, end).filter((_row, line) => line !== 1);
};

const policies = new Map(
  table("policy", "as its author gives it")
    .slice(1)
    .map(([name = "", definition = "{}"]): [string, object] => [name, z.looseObject({}).parse(JSON.parse(definition))]),
);
const policy = (name: string): object => {
  const definition = policies.get(name);
  if (definition === undefined) throw new Error(`docs/alerts.md has no policy ${name}.`);
  return definition;
};
const ledText = (led: readonly string[]): string => (led.length === 0 ? "-" : led.join("; "));

describe("Every state and signal: docs/alerts.md says what", () => {
  const [heads = [], ...rows] = table("told", "OK");
  const cases = rows.flatMap(([word = "", ...cells]) =>
    cells.map((cell, column): [string, string, string, string] => {
      const [state = "", ...story] = (heads[column + 1] ?? "").split(" ");
      return [word, state, story.join(" "), cell];
    }),
  );
  test("(all of them are there)", () => expect(cases).toHaveLength(6 * 16));
  test.each(cases)("%s leads to from %s (%s): %s", (word, state, story, expected) => {
    expect(tell(policy("slow"), story).state).toBe(state);
    expect(ledText(tell(policy("slow"), `${story} ${word}`).led)).toBe(expected);
  });
});

describe("Stories: docs/alerts.md says that with the policy", () => {
  const [, ...rows] = table("policy", "story");
  test("(there are stories of each policy)", () =>
    expect(new Set(rows.map(([name]) => name))).toEqual(new Set(policies.keys())));
  test.each(
    rows.map(([name = "", story = "", led = "", state = ""]): [string, string, string, string] => [
      name,
      story,
      led,
      state,
    ]),
  )("%s, %s leads to %s and %s", (name, story, led, state) => {
    const found = tell(policy(name), story);
    expect([ledText(found.led), found.state]).toEqual([led, state]);
  });
});
