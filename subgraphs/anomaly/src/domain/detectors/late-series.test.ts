import { expect, test } from "@jest/globals";
import { groupDetectorOf } from "../../../testing/detector-definitions.ts";
import { observationsOf } from "../../../testing/series-arbitraries.ts";
import type { Observation } from "./detector.ts";

const LATE = 300;
const noise = (place: number, of: number): number => ((place * 7_919 * of) % 13) / 2;
const seriesOf = (of: (place: number) => number): readonly Observation[] =>
  observationsOf(Array.from({ length: 400 }, (_, place) => of(place)));

test.each(["MAHALANOBIS", "PCA_RESIDUAL"])(
  "A series that comes later than the others is learnt for as long as they were before it is judged, and changes nothing for them until then: %s",
  (method) => {
    const definition = { kind: "MULTIVARIATE", method, learns: 50, over: 200 };
    const early = [1, 3, 5].map((of) => seriesOf((place) => 100 + 30 * Math.sin(place / 4) + noise(place, of)));
    const late = seriesOf((place) => (place === LATE + 90 ? 500 : 40 + 10 * noise(place, 7)));
    const [all, without] = [groupDetectorOf(definition), groupDetectorOf(definition)];
    const found = late.map((one, place) => {
      const three = new Map(
        early.flatMap((of, at) => (of[place] === undefined ? [] : [[`s${at}`, of[place]] as const])),
      );
      return { of: all.judge(place < LATE ? three : new Map([...three, ["late", one]])), three: without.judge(three) };
    });
    const outcomes = found.slice(LATE).map(({ of }) => of.get("late")?.outcome);
    expect(outcomes.slice(0, 50)).toEqual(Array.from({ length: 50 }, () => "LEARNING"));
    expect(outcomes.slice(50, 90)).not.toContain("LEARNING");
    expect(outcomes.slice(50, 90).filter((outcome) => outcome === "ANOMALOUS").length).toBeLessThan(2);
    // A series that goes with no other is a component of its own, along which the residual is blind.
    if (method === "MAHALANOBIS") expect(outcomes[90]).toBe("ANOMALOUS");
    const changed = found
      .slice(0, LATE + 50)
      .filter(({ of, three }) =>
        [...three].some(([name, finding]) => JSON.stringify(of.get(name)) !== JSON.stringify(finding)),
      );
    expect(changed).toEqual([]);
  },
);
