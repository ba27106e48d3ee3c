import { createRequire } from "node:module";
import { renderAsync } from "@resvg/resvg-js";
import { BarChart, HeatmapChart, LineChart, SankeyChart } from "echarts/charts";
import { GridComponent, LegendComponent, VisualMapComponent } from "echarts/components";
import { init, setPlatformAPI, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import type { Picture } from "../../domain/reports/picture.ts";
import { chartOption, PICTURE_WIDTH, textWidth } from "./chart-option.ts";

/** Pixels of a picture for each of its page: screens with twice the density show it sharp. */
export const PICTURE_SCALE = 2;
/** Height of a picture at most, in pixels of the page. */
const MAX_HEIGHT = 2_000;
const FONT_SIZE = /(\d+(?:\.\d+)?)px/;

const resolve = createRequire(import.meta.url).resolve.bind(null);
const fontFiles = ["DejaVuSans.ttf", "DejaVuSans-Bold.ttf"].map((name) => resolve(`dejavu-fonts-ttf/ttf/${name}`));

use([LineChart, BarChart, HeatmapChart, SankeyChart, GridComponent, LegendComponent, VisualMapComponent, SVGRenderer]);
setPlatformAPI({
  measureText: (text, font) => ({ width: textWidth(text, Number(FONT_SIZE.exec(font ?? "")?.[1] ?? 12)) }),
});

/** A picture as a file. */
export interface Drawn {
  /** A PNG. */
  readonly png: Uint8Array;
  /** Width and height in pixels of the page. */
  readonly width: number;
  readonly height: number;
}

/** Draws a picture: the same for the same numbers, with the fonts of this package alone. Its points are made beside the thread that asks for it. */
export const drawChart = async (picture: Picture): Promise<Drawn> => {
  const { option, height: wanted } = chartOption(picture);
  const height = Math.min(MAX_HEIGHT, Math.round(wanted));
  const chart = init(null, null, { renderer: "svg", ssr: true, width: PICTURE_WIDTH, height });
  try {
    chart.setOption(option);
    const image = await renderAsync(chart.renderToSVGString(), {
      ...{ background: "#ffffff", fitTo: { mode: "zoom", value: PICTURE_SCALE } },
      font: { loadSystemFonts: false, fontFiles, defaultFontFamily: "DejaVu Sans" },
    });
    return { png: image.asPng(), width: PICTURE_WIDTH, height };
  } finally {
    chart.dispose();
  }
};
