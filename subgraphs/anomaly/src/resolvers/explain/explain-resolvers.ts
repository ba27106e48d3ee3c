import { SIGNIFICANT_CHANGE } from "../../domain/explain/changes-near.ts";
import { SIGNIFICANT_SHAPE } from "../../domain/explain/correlated.ts";
import type {
  AnomalyPictureResolvers,
  AnomalyResolvers,
  ChangeSourceResolvers,
  CorrelatedAnomalyResolvers,
  CorrelatedShapeResolvers,
  MutationResolvers,
  NearbyChangeResolvers,
  QueryResolvers,
  RecordedChangeResolvers,
} from "../../generated/resolvers.ts";
import { changeOfAnomaly } from "../entities.ts";
import { episodeOf } from "../../domain/rules/change-asked.ts";
import { toBucket, toConnection, toDateTime, toDateTimeOrNull } from "../views.ts";

/** Fields of `Anomaly` that explain it. */
export const explainedAnomaly = {
  change: (anomaly, _arguments, context) => changeOfAnomaly(anomaly, anomaly.evidence.window, context),
  episode: (anomaly, _arguments, context) => changeOfAnomaly(anomaly, episodeOf(anomaly), context),
  series: (anomaly, _arguments, { operations, loaders }) =>
    operations.courseAround(anomaly, loaders).then((buckets) => buckets.map(toBucket)),
  picture: (anomaly, { theme }, { operations, loaders }) => operations.drawAnomaly(anomaly, theme, loaders),
  correlated: (anomaly, { first }, { operations, loaders }) => operations.correlatedWith(anomaly, first, loaders),
  changesNear: (anomaly, { first }, context) => context.operations.changesNear(anomaly, first, context),
} satisfies AnomalyResolvers;

/** Root queries about recorded changes. */
export const explainQueries = {
  recordedChanges: (_root, asked, { caller, operations }) => operations.listChanges(caller, asked).then(toConnection),
  changeSources: (_root, _arguments, { caller, operations }) => operations.changeSources(caller),
} satisfies QueryResolvers;

/** Root mutations about the same. */
export const explainMutations = {
  recordChange: (_root, { input }, { caller, operations }) => operations.recordChange(caller, input),
  saveChangeSource: (_root, { input }, { caller, operations }) => operations.saveChangeSource(caller, input),
  deleteChangeSource: (_root, { name }, { caller, operations }) => operations.deleteChangeSource(caller, name),
} satisfies MutationResolvers;

const CorrelatedAnomaly: CorrelatedAnomalyResolvers = {
  anomaly: ({ of }) => of,
  onsetDistanceSeconds: ({ onsetDistanceMs }) => onsetDistanceMs / 1_000,
};

const CorrelatedShape: CorrelatedShapeResolvers = { significant: ({ chance }) => chance <= SIGNIFICANT_SHAPE };

const NearbyChange: NearbyChangeResolvers = {
  change: ({ of }) => of,
  at: ({ atMs }) => toDateTime(atMs),
  leadSeconds: ({ leadMs }) => leadMs / 1_000,
  significant: ({ chance }) => chance <= SIGNIFICANT_CHANGE,
};

const RecordedChange: RecordedChangeResolvers = {
  at: ({ atMs }) => toDateTime(atMs),
  until: ({ untilMs }) => toDateTimeOrNull(untilMs),
  labels: ({ labels }) => Object.entries(labels).map(([name, value]) => ({ name, value })),
  recordedAt: ({ recordedAtMs }) => toDateTime(recordedAtMs),
};

const ChangeSource: ChangeSourceResolvers = { savedAt: ({ savedAtMs }) => toDateTime(savedAtMs) };

/** Made when it is asked for; said here, since a compiled question calls no function that it finds in place of a value. */
const AnomalyPicture: AnomalyPictureResolvers = { png: ({ png }) => png() };

/** Resolvers of the types that explain anomalies. */
export const explainTypes = {
  AnomalyPicture,
  ChangeSource,
  CorrelatedAnomaly,
  CorrelatedShape,
  NearbyChange,
  RecordedChange,
};
