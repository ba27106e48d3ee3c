import { Readable } from "node:stream";
import { refuse } from "@tessera/platform/errors/refusal";
import type { HttpServer } from "@tessera/platform/http/server";
import { RestAnomalyPngDocument, RestAnomalySvgDocument, type AnomalyPictureTheme } from "../../generated/graphql.ts";
import { graphQuestion, type GraphRouteDeps } from "../../graph/graph-question.ts";
import { FileAnswer } from "../../http/file-answer.ts";
import { ownTenant } from "../../http/own-tenant.ts";
import { serveRoute, type CheckedRequest } from "../../http/serve-route.ts";
import { pngDescription, svgDescription } from "./description.ts";

const ID = "anomaly_id";
const named = (field: string): string => (field === "id" ? ID : field);
const png = graphQuestion(RestAnomalyPngDocument, named);
const svg = graphQuestion(RestAnomalySvgDocument, named);

type Request = CheckedRequest<{ readonly tenant_id?: string; readonly theme?: string }, unknown>;

const THEMES: Readonly<Record<string, AnomalyPictureTheme>> = { light: "LIGHT", dark: "DARK" };

/** What the graph is asked for a picture; refuses another tenant's. */
const asked = (request: Request): { readonly id: string; readonly theme: AnomalyPictureTheme } => {
  ownTenant(request.caller, request.query.tenant_id);
  return { id: request.path[ID] ?? "", theme: THEMES[request.query.theme ?? "light"] ?? "LIGHT" };
};

const sent = (request: Request, bytes: Buffer | null): FileAnswer => {
  if (bytes === null) throw refuse("NOT_FOUND", "The tenant has no anomaly of this id.", { field: ID });
  // A picture that is opened by itself runs nothing, loads nothing and knows nothing of where it came from.
  const alone = "sandbox; default-src 'none'; style-src 'unsafe-inline'";
  request.addHeaders({ "content-length": String(bytes.length), "content-security-policy": alone });
  return new FileAnswer(200, Readable.from([bytes], { objectMode: false }));
};

/** Adds GET /api/v2/anomalies/{anomaly_id}/picture/png and /svg. */
export const registerAnomalyPictures = (server: HttpServer, deps: GraphRouteDeps): void => {
  serveRoute(server, deps, pngDescription, async (request) => {
    const { anomaly } = (await png(deps.graph, request, asked(request))).data;
    return sent(request, anomaly === null ? null : Buffer.from(anomaly.picture.png, "base64"));
  });
  serveRoute(server, deps, svgDescription, async (request) => {
    const { anomaly } = (await svg(deps.graph, request, asked(request))).data;
    return sent(request, anomaly === null ? null : Buffer.from(anomaly.picture.svg));
  });
};
