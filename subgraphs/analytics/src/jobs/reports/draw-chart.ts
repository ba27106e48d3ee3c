import { drawSvg, pngOf } from "@tessera/platform/pictures/draw-picture";
import type { Picture } from "../../domain/reports/picture.ts";
import { chartOption, PICTURE_WIDTH } from "./chart-option.ts";

/** Height of a picture at most, in pixels of the page. */
const MAX_HEIGHT = 2_000;

/** A picture as a file. */
export interface Drawn {
  /** A PNG. */
  readonly png: Uint8Array;
  /** Width and height in pixels of the page. */
  readonly width: number;
  readonly height: number;
}

/** Draws a picture: the same for the same numbers, with the fonts of the platform alone. Its points are made beside the thread that asks for it. */
export const drawChart = async (picture: Picture): Promise<Drawn> => {
  const { option, height: wanted } = chartOption(picture);
  const height = Math.min(MAX_HEIGHT, Math.round(wanted));
  const png = await pngOf(drawSvg(option, { width: PICTURE_WIDTH, height }), "#ffffff");
  return { png, width: PICTURE_WIDTH, height };
};
