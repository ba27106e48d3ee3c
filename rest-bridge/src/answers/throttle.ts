import { Type } from "typebox";
import { ABUSE_KINDS, ABUSE_SOURCE_KINDS } from "@tessera/contracts/abuse";
import { from } from "../http/graphql-annotation.ts";

const small = (names: readonly string[]): string[] => names.map((name) => name.toLowerCase());
const field = (name: string) => from(`Throttle.${name}`);

/** Kinds of abuse, as REST writes them. */
export const KINDS = small(ABUSE_KINDS);
/** Kinds of sources, as REST writes them. */
export const SOURCE_KINDS = small(ABUSE_SOURCE_KINDS);

/** Where abuse came from. */
export const sourceSchema = Type.Object(
  { kind: Type.Enum(SOURCE_KINDS, from("AbuseSource.kind")), id: Type.String(from("AbuseSource.id")) },
  { title: "AbuseSource" },
);

/** A throttle, as REST writes it. */
export const throttleSchema = Type.Object(
  {
    id: Type.String(field("id")),
    kind: Type.Enum(KINDS, field("kind")),
    source: sourceSchema,
    level: Type.Enum(["reduced", "blocked"], field("level")),
    percent: Type.Integer(field("percent")),
    strikes: Type.Integer(field("strikes")),
    starts_at: Type.String(field("startsAt")),
    until: Type.String(field("until")),
    active: Type.Boolean(field("active")),
    lifted_at: Type.Union([Type.String(), Type.Null()], field("liftedAt")),
    lift_reason: Type.Union([Type.String(), Type.Null()], field("liftReason")),
  },
  { title: "Throttle" },
);
