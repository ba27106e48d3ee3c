import type { SavedQuestion } from "../semantic/definition.ts";
import type { AnswerShape } from "./suggest-chart.ts";

const listIn = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

/** What the answer to a question is made of, which chooses its chart. */
export const shapeOf = (question: SavedQuestion): AnswerShape => {
  switch (question.kind) {
    case "OLAP": {
      const { measures = [], metrics = [], granularity = "NONE", dimensions = [] } = question.input;
      return { kind: "OLAP", time: granularity !== "NONE", dimensions, measures: measures.length + metrics.length };
    }
    case "TIME_SERIES": {
      const { measures = [], metrics = [], splitBy = [] } = question.input;
      return { kind: "TIME_SERIES", time: true, dimensions: splitBy, measures: measures.length + metrics.length };
    }
    case "SESSION_METRICS": {
      const { kind, input } = question;
      const time = (input["granularity"] ?? "NONE") !== "NONE";
      return { kind, time, dimensions: listIn(input["breakdown"]), measures: 1 };
    }
    default:
      return { kind: question.kind, time: false, dimensions: [], measures: 1 };
  }
};
