import { Type } from "typebox";
import { provenanceSchema } from "../../answers/provenance.ts";
import { orNull, wholeNumber } from "../../answers/schemas.ts";
import { warningsSchema } from "../../answers/warnings.ts";
import { from } from "../../http/graphql-annotation.ts";
import { toldRangeSchema } from "../../http/question-parts.ts";

const whole = (coordinate: string) => wholeNumber(from(coordinate));
const maybe = (coordinate: string) => orNull(Type.Number(), from(coordinate));
const maybeWhole = (coordinate: string) => orNull(wholeNumber(), from(coordinate));

const nodeSchema = Type.Object(
  {
    depth: Type.Integer(from("PathNode.depth")),
    label: orNull(Type.String(), from("PathNode.label")),
    labels: Type.Integer(from("PathNode.labels")),
    paths: whole("PathNode.paths"),
    share: maybe("PathNode.share"),
    dropped_off: whole("PathNode.droppedOff"),
    goes_on: whole("PathNode.goesOn"),
    hidden_in: whole("PathNode.hiddenIn"),
    hidden_out: whole("PathNode.hiddenOut"),
  },
  from("PathNode"),
);

const linkSchema = Type.Object(
  {
    from: Type.Integer(from("PathLink.from")),
    to: Type.Integer(from("PathLink.to")),
    paths: whole("PathLink.paths"),
    share: Type.Number(from("PathLink.share")),
    median_seconds: maybe("PathLink.medianSeconds"),
  },
  from("PathLink"),
);

const topPathSchema = Type.Object(
  {
    labels: Type.Array(Type.String(), from("TopPath.labels")),
    paths: whole("TopPath.paths"),
    share: maybe("TopPath.share"),
    goes_on: whole("TopPath.goesOn"),
    followed: whole("TopPath.followed"),
    converted: maybeWhole("TopPath.converted"),
    conversion: maybe("TopPath.conversion"),
    mean_seconds: maybe("TopPath.meanSeconds"),
  },
  from("TopPath"),
);

/** What the paths route answers. */
export const pathsAnswerSchema = Type.Object(
  {
    range: toldRangeSchema("PathsAnswer.range"),
    nodes: Type.Array(nodeSchema, from("PathsAnswer.nodes")),
    links: Type.Array(linkSchema, from("PathsAnswer.links")),
    top_paths: Type.Array(topPathSchema, from("PathsAnswer.topPaths")),
    distinct_paths: orNull(Type.Integer(), from("PathsAnswer.distinctPaths")),
    paths: whole("PathsAnswer.paths"),
    units: whole("PathsAnswer.units"),
    unreached: whole("PathsAnswer.unreached"),
    converted: maybeWhole("PathsAnswer.converted"),
    conversion: maybe("PathsAnswer.conversion"),
    cut_units: Type.Integer(from("PathsAnswer.cutUnits")),
    provenance: provenanceSchema,
    warnings: warningsSchema,
  },
  { ...from("PathsAnswer"), title: "PathsAnswer" },
);
