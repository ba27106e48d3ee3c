import { CHANNEL_LIMITS, type SavedChannel } from "../../domain/notify/channel.ts";
import type { ResolversTypes, ResolversUnionTypes } from "../../generated/resolvers.ts";
import type { TestedChannel } from "../../operations/notify/try-channel.ts";
import type { SavedRoutes } from "../../domain/notify/route.ts";

type Results = ResolversUnionTypes<ResolversTypes>;

/** What became of `createChannel`, as callers see it. */
export const toCreateChannelResult = (name: string, outcome: SavedChannel): Results["CreateChannelResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "ChannelSaved", channel: outcome.channel };
    case "NAME_TAKEN":
      return { __typename: "ChannelNameTaken", name };
    case "LIMIT_REACHED":
    case "NOT_FOUND":
    case "STALE":
      return { __typename: "ChannelLimitReached", limit: CHANNEL_LIMITS.channels };
  }
};

/** What became of `updateChannel`, as callers see it. */
export const toUpdateChannelResult = (
  { id, name }: { readonly id: string; readonly name: string },
  outcome: SavedChannel,
): Results["UpdateChannelResult"] => {
  switch (outcome.kind) {
    case "SAVED":
      return { __typename: "ChannelSaved", channel: outcome.channel };
    case "NAME_TAKEN":
      return { __typename: "ChannelNameTaken", name };
    case "STALE":
      return { __typename: "ChannelChangedMeanwhile", channel: outcome.channel };
    case "NOT_FOUND":
    case "LIMIT_REACHED":
      return { __typename: "ChannelNotFound", id };
  }
};

/** What became of `deleteChannel`, as callers see it. */
export const toDeleteChannelResult = (id: string, deleted: boolean): Results["DeleteChannelResult"] =>
  deleted ? { __typename: "ChannelDeleted", id } : { __typename: "ChannelNotFound", id };

/** What became of `testChannel`, as callers see it. */
export const toTestChannelResult = (id: string, tested: TestedChannel | null): Results["TestChannelResult"] => {
  if (tested === null) return { __typename: "ChannelNotFound", id };
  const { kind, code, said } = tested.outcome;
  return { __typename: "ChannelTested", channel: tested.channel, outcome: kind, code, said, webhook: tested.webhook };
};

/** What became of `setNotificationRoutes`, as callers see it. */
export const toSetRoutesResult = (outcome: SavedRoutes): Results["SetNotificationRoutesResult"] => {
  if (outcome.kind === "SAVED") return { __typename: "NotificationRoutesSaved", routes: outcome.routes };
  if (outcome.kind === "STALE") return { __typename: "NotificationRoutesChangedMeanwhile", routes: outcome.routes };
  throw new Error("Routes that name what there is not are refused.");
};
