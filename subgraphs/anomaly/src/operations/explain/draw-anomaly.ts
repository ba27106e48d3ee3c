import { drawSvg, pngOf } from "@tessera/platform/pictures/draw-picture";
import type { Anomaly } from "../../domain/anomaly.ts";
import { ANY_NUMBER, numberShown } from "../../domain/explain/number-shown.ts";
import {
  PICTURE_SIZE,
  pictureOption,
  pictureText,
  THEMES,
  withWords,
  type PictureTheme,
} from "../../domain/explain/picture.ts";
import { episodeOf } from "../../domain/rules/change-asked.ts";
import type { KeptBucket } from "../../domain/rules/series.ts";
import type { ExplainLoaders } from "./explain-loaders.ts";

/** A picture of an anomaly's series. */
export interface AnomalyPicture {
  readonly width: number;
  readonly height: number;
  /** What it shows in words. */
  readonly alternative: string;
  readonly svg: string;
  readonly png: () => Promise<string>;
}

/** Draws an anomaly's series around its episode; the PNG, as base64, is made when it is asked for. */
export const drawAnomaly =
  (courseAround: (anomaly: Anomaly, loaders: ExplainLoaders) => Promise<readonly KeptBucket[]>) =>
  async (anomaly: Anomaly, theme: PictureTheme, loaders: ExplainLoaders): Promise<AnomalyPicture> => {
    const [course, rule, watched] = await Promise.all([
      ...([courseAround(anomaly, loaders), loaders.rule.load(anomaly.ruleId)] as const),
      loaders.watchOfAnomaly.load(anomaly.id),
    ]);
    const group = anomaly.group.map(({ name, value }) => `${name} ${value ?? "(none)"}`).join(", ");
    const watch = watched ?? rule?.watch;
    const pictured = {
      title: [rule?.name ?? "", group].filter((part) => part !== "").join(" — "),
      ...{ course, span: episodeOf(anomaly), raisedAtMs: anomaly.raisedAtMs },
      acknowledgedAtMs: anomaly.acknowledgement?.atMs ?? null,
      resolvedAtMs: anomaly.resolution?.atMs ?? null,
      timeZone: watch?.kind === "QUESTION" ? watch.timeZone : "UTC",
      shown: watch === undefined ? ANY_NUMBER : numberShown(watch),
    };
    const alternative = pictureText(pictured);
    const svg = withWords(drawSvg(pictureOption(pictured, theme), PICTURE_SIZE), alternative);
    return {
      ...{ ...PICTURE_SIZE, alternative, svg },
      png: async () => Buffer.from(await pngOf(svg, THEMES[theme].ground)).toString("base64"),
    };
  };
