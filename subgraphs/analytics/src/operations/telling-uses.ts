import { withProvenance } from "../domain/delivery/tells-provenance.ts";
import type { Provenance } from "../domain/provenance.ts";
import type { NamesRead } from "../domain/quality/event-names-read.ts";
import { NO_USES, usesTogether, type Uses } from "../domain/uses.ts";

/** Where one question notes what of the tenant's own definitions it is computed by. */
export interface NotesUses {
  /** Left out where nobody is told. */
  readonly noteUses?: ((uses: Partial<Uses>) => void) | undefined;
  /** What has been noted so far. */
  readonly notedUses?: (() => Uses) | undefined;
}

/**
 * Asks with a notebook of its own for each question: whatever is found while it is answered, by whichever part of it, is told in the provenance of the
 * answer. Every question that can name something of the tenant's is asked through here. `namesRead` says of what is asked which names the events have that are read
 * for it, where that can be told.
 */
export const tellingUses =
  <Deps extends object, Asked extends readonly unknown[], Answer extends object | null>(
    deps: Deps,
    ask: (noting: Deps & NotesUses) => (...asked: Asked) => Promise<Answer>,
    namesRead: NoInfer<(...asked: Asked) => NamesRead> = () => null,
  ) =>
  async (...asked: Asked): Promise<Answer> => {
    const noted: Uses[] = [];
    const noteUses = (uses: Partial<Uses>): void => {
      noted.push({ ...NO_USES, ...uses });
    };
    const answer = await ask({ ...deps, noteUses, notedUses: () => usesTogether(noted) })(...asked);
    const eventNames = namesRead(...asked);
    const told = (provenance: Provenance): Provenance => ({
      ...provenance,
      ...(eventNames === null ? {} : { eventNames }),
      ...usesTogether([...noted, provenance]),
    });
    return answer === null || (noted.length === 0 && eventNames === null) ? answer : withProvenance(answer, told);
  };
