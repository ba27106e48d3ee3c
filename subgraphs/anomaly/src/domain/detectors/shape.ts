import { createSlidingDistances, type ShapeSettings } from "./sliding-distances.ts";
import { createTail, type TailState } from "./tail.ts";

/** Nearest neighbours whose mean distance counts: one alone may itself have been an anomaly. */
const NEIGHBOURS = 3;
/** Shapes' lengths that must have been seen before anything is said. */
const MIN_LENGTHS = 3;

/** What is remembered of a series; a gap is null. */
export interface ShapeState {
  readonly seen: number;
  readonly values: readonly (number | null)[];
  readonly tail: TailState;
}

/** What the shape of the latest values says. */
export interface ShapeFinding {
  readonly surprise: number;
  /** How many values ago the most similar shapes ended, most similar first; empty while none can be compared. */
  readonly nearest: readonly number[];
}

/** Compares the shape of a series' latest values with all shapes it has had. */
export interface Shape {
  /** Judges the shape that ends with a value by the shapes before it, then learns it; null is a gap, across which nothing is compared. */
  readonly judge: (value: number | null) => ShapeFinding;
  readonly save: () => ShapeState;
}

/**
 * The mean distance of the latest values, as a vector, to the nearest earlier ones (Burnaev and Ishimtsev, "Conformalized density- and distance-based anomaly
 * detection in time-series data", 2016: KNN-CAD), told by its own tail. Earlier shapes share no value with the latest.
 */
export const createShape = (settings: ShapeSettings, saved: ShapeState | null = null): Shape => {
  const values = (saved?.values ?? []).map((value) => value ?? Number.NaN);
  const distances = createSlidingDistances(settings, { seen: saved?.seen ?? 0, values });
  const tail = createTail(saved?.tail ?? null);
  let seen = saved?.seen ?? 0;
  return {
    judge: (value) => {
      distances.put(value ?? Number.NaN);
      seen += 1;
      const nearest = seen < MIN_LENGTHS * settings.length ? [] : distances.nearest(NEIGHBOURS);
      if (nearest.length === 0) return { surprise: 0, nearest: [] };
      const distance = nearest.reduce((sum, neighbour) => sum + neighbour.distance, 0) / nearest.length;
      const surprise = tail.surprise(distance);
      tail.learn(distance);
      return { surprise, nearest: nearest.map(({ ago }) => ago) };
    },
    save: () => {
      const held = distances.save();
      const remembered = held.values.map((value) => (Number.isNaN(value) ? null : value));
      return { seen: held.seen, values: remembered, tail: tail.save() };
    },
  };
};
