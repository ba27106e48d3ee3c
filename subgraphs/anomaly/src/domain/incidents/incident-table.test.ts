import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { tellStory } from "../../testing/incident-stories.ts";

const text = readFileSync(new URL("../../../../../docs/incidents.md", import.meta.url), "utf8");

/** The rows of the table in docs/incidents.md whose head begins with these columns, each cell without its quotes. */
const table = (...head: readonly string[]): readonly (readonly string[])[] => {
  const rows = text.split("\n").map((line) => (line.startsWith("|") ? line.split("|").slice(1, -1) : []));
  const cells = rows.map((row) => row.map((cell) => cell.trim().replaceAll("`", "")));
  const place = cells.findIndex((row) => head.every((name, column) => row[column]?.startsWith(name) ?? false));
  const end = cells.findIndex((row, line) => line > place && row.length === 0);
  return cells.slice(place, end).filter((_row, line) => line !== 1);
};

describe("Every state and signal of an incident: docs/incidents.md says what", () => {
  const [heads = [], ...rows] = table("told", "TRIGGERED");
  const cases = rows.flatMap(([word = "", ...cells]) =>
    cells.map((cell, column): [string, string, string, string] => {
      const [state = "", ...story] = (heads[column + 1] ?? "").split(" ");
      return [word, state, story.join(" "), cell];
    }),
  );
  test("(all of them are there)", () => expect(cases).toHaveLength(6 * 12));
  test.each(cases)("%s leads to from %s (%s): %s", (word, state, story, expected) => {
    expect(tellStory(story).incident.state).toBe(state);
    expect(tellStory(`${story} ${word}`).led).toBe(expected);
  });
});

describe("Stories of an incident: docs/incidents.md says that", () => {
  const [, ...rows] = table("story", "its last word leads to");
  test("(there are stories)", () => expect(rows.length).toBeGreaterThan(10));
  test.each(rows.map(([story = "", led = "", state = ""]): [string, string, string] => [story, led, state]))(
    "%s leads to %s and %s",
    (story, led, state) => {
      const found = tellStory(story);
      expect([found.led, found.incident.state]).toEqual([led, state]);
    },
  );
});
