import { Type } from "typebox";
import { from } from "../../http/graphql-annotation.ts";
import { tenantIdSchema } from "../../http/question-parts.ts";
import type { RouteDescription } from "../../http/route-description.ts";

const query = Type.Object(
  {
    tenant_id: tenantIdSchema,
    theme: Type.Optional(Type.Enum(["light", "dark"], { ...from("Anomaly.picture.theme"), default: "light" })),
  },
  { additionalProperties: false },
);
const noBody = Type.Unknown();
const HEADERS = { "content-security-policy": "Opened by itself, the picture runs and loads nothing." };

const pictureDescription = <Format extends string, Media extends string>(
  format: Format,
  mediaType: Media,
  operationId: string,
) =>
  ({
    ...{ method: "get", path: `/api/v2/anomalies/{anomaly_id}/picture/${format}`, operationId },
    pathParameters: { anomaly_id: "Id of the anomaly; one of another tenant is unknown." },
    ...{ tag: "Anomalies", authenticated: true },
    summary: `A picture of an anomaly's series as ${format.toUpperCase()}`,
    graphql: "Query.anomaly",
    ...{ query, body: noBody },
    answers: {
      200: {
        ...{ description: "The picture.", mediaType, headers: HEADERS },
        schema: Type.String({ format: "binary", description: "The bytes." }),
      },
    },
    refusals: ["BAD_INPUT", "TENANT_MISMATCH", "NOT_FOUND", "FORBIDDEN"],
  }) as const satisfies RouteDescription<typeof query, typeof noBody>;

/** GET /api/v2/anomalies/{anomaly_id}/picture/png. */
export const pngDescription = pictureDescription("png", "image/png", "drawAnomalyPng");
/** GET /api/v2/anomalies/{anomaly_id}/picture/svg. */
export const svgDescription = pictureDescription("svg", "image/svg+xml", "drawAnomalySvg");

/** Every address of pictures of anomalies. */
export const anomalyPictureDescriptions = [pngDescription, svgDescription] as const;
