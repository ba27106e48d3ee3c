import { createRequire } from "node:module";
import { renderAsync } from "@resvg/resvg-js";
import { BarChart, HeatmapChart, LineChart, SankeyChart } from "echarts/charts";
import {
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TitleComponent,
  VisualMapComponent,
} from "echarts/components";
import { init, setPlatformAPI, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { textWidth } from "./text-width.ts";

/** Pixels of a PNG for each of the page: screens with twice the density show it sharp. */
export const PICTURE_SCALE = 2;
const FONT_SIZE = /(\d+(?:\.\d+)?)px/;

const resolve = createRequire(import.meta.url).resolve.bind(null);
const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => resolve(`dejavu-fonts-ttf/ttf/${name}`));

use([LineChart, BarChart, HeatmapChart, SankeyChart, GridComponent, LegendComponent, VisualMapComponent, SVGRenderer]);
use([MarkAreaComponent, MarkLineComponent, TitleComponent]);
setPlatformAPI({
  measureText: (text, font) => ({ width: textWidth(text, Number(FONT_SIZE.exec(font ?? "")?.[1] ?? 12)) }),
});

/** A drawn SVG with its names counted from 0: echarts counts on from one picture to the next. */
const renamed = (svg: string): string => {
  const names = new Map<string, string>();
  return svg.replaceAll(/\bzr\d+-(?:cls-|[a-z])\d+/gu, (name) => {
    const known = names.get(name) ?? `p${names.size}`;
    names.set(name, known);
    return known;
  });
};

/** Draws what echarts is told as SVG, so many pixels of the page wide and high: the same for the same option. */
export const drawSvg = (
  option: Readonly<Record<string, unknown>>,
  size: { readonly width: number; readonly height: number },
): string => {
  const chart = init(null, null, { renderer: "svg", ssr: true, ...size });
  try {
    chart.setOption(option);
    return renamed(chart.renderToSVGString());
  } finally {
    chart.dispose();
  }
};

/** Makes a PNG of an SVG on a background, {@link PICTURE_SCALE} times as large, with the fonts of this package alone. Its points are made beside the thread that asks for it. */
export const pngOf = async (svg: string, background: string): Promise<Uint8Array> => {
  const image = await renderAsync(svg, {
    ...{ background, fitTo: { mode: "zoom", value: PICTURE_SCALE } },
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: "DejaVu Sans" },
  });
  return image.asPng();
};
