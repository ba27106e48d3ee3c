import { isUuid } from "@tessera/contracts/ids";
import { parseDurationMs } from "@tessera/platform/time/duration";
import { z } from "zod";
import { problemsOf, storedValue, type Checked } from "../checked.ts";
import { MAX_MATCHERS, matcherSchema } from "../silences/check-silence.ts";
import { checkEscalationPolicy, escalationDefinitionOf } from "./check-on-call.ts";
import { CHANGING_LABELS, type Contact, type Escalation } from "./escalation.ts";

/** Ranks of policies. */
const MAX_RANK = 1_000;
/** Ways to reach one person. */
const MAX_CONTACTS = 10;
/** Longest time until the last way to reach somebody is told: by then the next step is the better one. */
const MAX_CONTACT_AFTER_MS = 86_400_000;
/** Characters of a mailbox. */
const MAX_ADDRESS_CHARACTERS = 254;

const attachedSchema = z.object({
  matchers: z
    .array(
      matcherSchema.refine(({ label }) => !CHANGING_LABELS.includes(label), {
        path: ["label"],
        message:
          "An escalation does not go by what changes while an alert lasts: name a label of the rule, of the group, or `rule`.",
      }),
    )
    .max(MAX_MATCHERS),
  rank: z.number().int().min(0).max(MAX_RANK).default(0),
});

/** Checks what the author of an escalation policy says; without matchers it is for every alert. */
export const checkEscalation = (input: unknown): Checked<Escalation> => {
  const [attached, policy] = [attachedSchema.safeParse(input), checkEscalationPolicy(input)];
  if (attached.success && policy.valid) return { valid: true, value: { ...policy.value, ...attached.data } };
  const problems = [...(attached.success ? [] : problemsOf(attached.error)), ...(policy.valid ? [] : policy.problems)];
  return { valid: false, problems };
};

/** The form of an escalation policy that {@link checkEscalation} reads: what stores keep and callers are shown. */
export const escalationFormOf = ({ matchers, rank, ...policy }: Escalation) => ({
  ...escalationDefinitionOf(policy),
  matchers,
  rank,
});

/** Reads and writes escalation policies in the form their authors give. */
export interface EscalationCodec {
  readonly read: (definition: unknown) => Escalation;
  readonly write: (definition: Escalation) => unknown;
}

/** See {@link EscalationCodec}; what was stored once and is no policy is a broken row. */
export const escalationCodec: EscalationCodec = {
  read: (definition) => storedValue(checkEscalation(definition), "escalation policy"),
  write: escalationFormOf,
};

const after = z.string().transform((text, context): number => {
  const ms = parseDurationMs(text);
  if (ms !== null && ms >= 0 && ms <= MAX_CONTACT_AFTER_MS) return ms;
  context.addIssue({ code: "custom", message: "Give an ISO 8601 duration from PT0S to P1D." });
  return z.NEVER;
});

const contactsSchema = z
  .array(
    z
      .object({
        channel: z.string().refine(isUuid, "Give the channel's id, a UUID."),
        address: z.string().trim().min(1).max(MAX_ADDRESS_CHARACTERS).nullish(),
        after: after.prefault("PT0S"),
      })
      .transform(({ channel, address = null, after: afterMs }): Contact => ({
        ...{ channelId: channel.toLowerCase(), address, afterMs },
      })),
  )
  .max(MAX_CONTACTS);

/** Checks how a person is to be reached; none: they are not reached any more. */
export const checkContacts = (contacts: unknown): Checked<readonly Contact[]> => {
  const read = contactsSchema.safeParse(contacts);
  if (read.success) return { valid: true, value: read.data };
  const problems = problemsOf(read.error).map(({ field, message }) => ({ field: `contacts.${field}`, message }));
  return { valid: false, problems };
};
