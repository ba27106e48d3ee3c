import type { History } from "./history.ts";
import { createNearestShapes, type ShapeSettings } from "./nearest-shapes.ts";
import { createTail, type TailState } from "./tail.ts";

/** Nearest neighbours whose mean distance counts: one alone may itself have been an anomaly. */
const NEIGHBOURS = 3;
/** Shapes' lengths that must have been seen before anything is said. */
const MIN_LENGTHS = 3;

/** What the shape of the latest values says. */
export interface ShapeFinding {
  readonly surprise: number;
  /** How many values ago the most similar shapes ended, most similar first; empty while none can be compared. */
  readonly nearest: readonly number[];
}

/** Compares the shape of a series' latest values with all shapes it has had. */
export interface Shape {
  /** Judges the shape that ends with the history's latest value by the shapes before it, then learns it; across a gap nothing is compared. */
  readonly judge: () => ShapeFinding;
  readonly save: () => TailState;
}

/**
 * The mean distance of the latest values, as a vector, to the nearest earlier ones (Burnaev and Ishimtsev, "Conformalized density- and distance-based anomaly
 * detection in time-series data", 2016: KNN-CAD), told by its own tail. Earlier shapes share no value with the latest.
 */
export const createShape = (settings: ShapeSettings, history: History, saved: TailState | null = null): Shape => {
  const tail = createTail(saved);
  const nearestShapes = createNearestShapes(history, settings);
  return {
    judge: () => {
      const nearest = history.seen() < MIN_LENGTHS * settings.length ? [] : nearestShapes(NEIGHBOURS);
      if (nearest.length === 0) return { surprise: 0, nearest: [] };
      const distance = nearest.reduce((sum, neighbour) => sum + neighbour.distance, 0) / nearest.length;
      const surprise = tail.surprise(distance);
      tail.learn(distance);
      return { surprise, nearest: nearest.map(({ ago }) => ago) };
    },
    save: tail.save,
  };
};
