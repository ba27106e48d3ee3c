import type { Box, Widget } from "./document.ts";

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

const above = (a: Widget, b: Widget): number =>
  a.box.y - b.box.y || a.box.x - b.box.x || (a.order < b.order ? -1 : a.order > b.order ? 1 : 0);

/**
 * Where widgets come to lie when their editors want some at the same cells: taken from above, each stays where it is wanted, or moves down to the first
 * row where it lies on none that was taken before it. Widgets that lie on no other stay; the same widgets always come to lie the same way.
 */
export const settle = (widgets: readonly Widget[]): ReadonlyMap<string, Box> => {
  const settled = new Map<string, Box>();
  for (const { id, box } of widgets.toSorted(above)) {
    const taken = [...settled.values()];
    const under = (y: number): readonly Box[] => taken.filter((other) => overlap(other, { ...box, y }));
    let { y } = box;
    // The next row on which at least one of those in the way no longer is.
    for (let inTheWay = under(y); inTheWay.length > 0; inTheWay = under(y))
      y = Math.min(...inTheWay.map((other) => other.y + other.height));
    settled.set(id, { ...box, y });
  }
  return settled;
};
