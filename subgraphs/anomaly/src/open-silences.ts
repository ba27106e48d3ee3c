import type { Resources } from "@tessera/platform/runtime/resources";
import { onCallCodec } from "./domain/on-call/saved-schedule.ts";
import { createOnCallOperations, type OnCallOperations } from "./operations/on-call/on-call-operations.ts";
import { createSilenceOperations, type SilenceOperations } from "./operations/silences/silence-operations.ts";
import { createOnCallStore } from "./store/on-call/on-call-store.ts";
import { createSilenceStore } from "./store/silences/silence-store.ts";

/** Everything there is about why people are not told, and who is on call. */
export interface Silences {
  readonly operations: SilenceOperations & OnCallOperations;
}

/** Opens silences, inhibitions and on-call schedules. */
export const openSilences = ({ sql, nowMs, newId }: Pick<Resources, "sql" | "nowMs" | "newId">): Silences => {
  const silences = createSilenceStore(sql);
  const onCall = createOnCallStore({ sql, codec: onCallCodec });
  return {
    operations: {
      ...createSilenceOperations({ silences, nowMs, newId }),
      ...createOnCallOperations({ onCall, nowMs, newId }),
    },
  };
};
