import type { AnomalyId, TenantId } from "@tessera/contracts/ids";
import { errorMessage } from "@tessera/platform/errors/error-message";
import type { Logger } from "@tessera/platform/telemetry/logger";
import type { Anomaly } from "../../domain/anomaly.ts";
import type { MailPicture } from "../../domain/notify/kinds/email.ts";
import type { Message } from "../../domain/notify/message.ts";
import type { PictureTheme } from "../../domain/explain/picture.ts";
import type { AnomalyPicture } from "../explain/draw-anomaly.ts";
import type { ExplainLoaders } from "../explain/explain-loaders.ts";

/** Pictures of one mail: its first alerts; more would make it longer than anybody reads. */
export const MAX_PICTURES = 3;
/** Bytes of a picture: several times what one of a year of days has; a larger one is left out. */
const MAX_PICTURE_BYTES = 500_000;
/** Milliseconds that drawing may take for one mail; what is not there by then is left out. */
const DRAW_MS = 5_000;

/** What drawing is done with: anomalies of a tenant, and how one is drawn. */
export interface PicturePorts {
  readonly loaders: (
    tenantId: TenantId,
  ) => ExplainLoaders & { readonly anomaly: { load(id: AnomalyId): Promise<Anomaly | null> } };
  /** Milliseconds that drawing may take for one mail; {@link DRAW_MS} unless said. */
  readonly withinMs?: number;
  readonly draw: (anomaly: Anomaly, theme: PictureTheme, loaders: ExplainLoaders) => Promise<AnomalyPicture>;
}

/** Draws what a mail shows of its alerts. */
export type AlertPictures = (tenantId: TenantId, message: Message) => Promise<readonly MailPicture[]>;

const pictureOf = async (
  { loaders, draw }: PicturePorts,
  tenantId: TenantId,
  id: AnomalyId,
): Promise<MailPicture | null> => {
  const own = loaders(tenantId);
  const anomaly = await own.anomaly.load(id);
  if (anomaly === null) return null;
  const { png, alternative } = await draw(anomaly, "LIGHT", own);
  const bytes = Buffer.from(await png(), "base64");
  return bytes.byteLength > MAX_PICTURE_BYTES ? null : { name: id, png: bytes, alternative };
};

/** Builds {@link AlertPictures}: an alert whose picture can't be drawn, or not in time, is told without. */
export const createAlertPictures = (ports: PicturePorts, logger: Logger): AlertPictures => {
  const drawn = async (tenantId: TenantId, id: AnomalyId): Promise<MailPicture | null> => {
    try {
      return await pictureOf(ports, tenantId, id);
    } catch (error) {
      logger.warn({ anomalyId: id, error: errorMessage(error) }, "A picture for a mail could not be drawn.");
      return null;
    }
  };
  return async (tenantId, { alerts }) => {
    const ids = alerts.flatMap(({ anomalyId }) => anomalyId ?? []).slice(0, MAX_PICTURES);
    const pictures: (MailPicture | null)[] = [];
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ports.withinMs ?? DRAW_MS);
    });
    const all = (async (): Promise<void> => {
      // One after the other: a mail takes no more than one thread's worth of drawing.
      for (const id of ids) pictures.push(await drawn(tenantId, id));
    })();
    await Promise.race([all, late]);
    clearTimeout(timer);
    return pictures.flatMap((picture) => picture ?? []);
  };
};
