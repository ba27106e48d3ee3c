import { parseArgs } from "node:util";
import { parseRule, type MappingRule } from "./mapping.ts";
import { FORMATS, type Format } from "./records.ts";

/** What the command line asked for. */
export interface CliOptions {
  readonly path: string;
  readonly format: Format;
  readonly rules: readonly MappingRule[];
  readonly dropRest: boolean;
  readonly tolerateRejected: boolean;
  readonly url: string | undefined;
  readonly key: string | undefined;
}

/** Raised for a command line that can't be understood; its message is the help that is needed. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The help text of the command. */
export const HELP = `Imports a file of events into a running Tessera.

  npm run import -- FILE --format csv|ndjson|apache-log [--map TARGET=SOURCE ...] [options]

FILE may be compressed with gzip. Every line becomes one event with an id made from the file, its line number and its text:
importing the same file again changes nothing. Malformed lines are told by number, never dropped in silence.

  --map TARGET=SOURCE   TARGET is a field of the event (name, time, userId, sessionId, revenue, ...) or properties.<name>.
                        SOURCE is  column            the column's text
                                   column:number     converted (also :boolean, :string)
                                   =constant         the same text for every line
                                   {a} and {b}       text with columns in it
                        Columns that no rule uses become the field of their name, else a property.
  --drop-rest           do not keep unused columns as properties
  --tolerate-rejected   exit with 0 even when the server rejected lines
  --url URL --key KEY   the instance to send to; default: demo.json in TESSERA_HOME (.tessera)
  --help                this text

Examples

  # A web server's log: name "request", visitor = address and agent, the rest as properties
  npm run import -- access.log.gz --format apache-log

  # Steps of a process as events, named by two columns
  npm run import -- events.csv.gz --format csv --map time=timestamp --map userId=case_id \\
      --map 'name={activity}|{lifecycle}' --map properties.amount=amount_req:number --map source==loans

  # Orders with money
  npm run import -- orders.ndjson --format ndjson --map name==purchase --map revenue=total --map currency==EUR

Columns of apache-log: ip, user, time, method, url, protocol, status, bytes, referrer, userAgent, visitor.
Times without an offset are UTC; ten digits are seconds, thirteen are milliseconds since 1970.
Exit code: 0 when every well-formed line was accepted or was there already, 1 otherwise, 2 for a wrong command line.`;

/** Rules of apache-log that hold unless a `--map` fills the same target. */
const APACHE_RULES = ["name==request", "source==apache-log", "anonymousId=visitor", "userId=user"] as const;

const isFormat = (text: string | undefined): text is Format => FORMATS.some((format) => format === text);

const rulesOf = (maps: readonly string[], format: Format): readonly MappingRule[] => {
  const given = maps.map(parseRule);
  if (format !== "apache-log") return given;
  const taken = new Set(given.map(({ target }) => target));
  return [...APACHE_RULES.map(parseRule).filter(({ target }) => !taken.has(target)), ...given];
};

/** Reads the command line; null when help was asked for. */
export const readOptions = (args: readonly string[]): CliOptions | null => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      format: { type: "string" },
      map: { type: "string", multiple: true },
      "drop-rest": { type: "boolean" },
      "tolerate-rejected": { type: "boolean" },
      url: { type: "string" },
      key: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help === true) return null;
  const [path, ...others] = positionals;
  if (path === undefined || others.length > 0) throw new UsageError("Name exactly one FILE. See --help.");
  const { format } = values;
  if (!isFormat(format)) throw new UsageError(`--format is one of ${FORMATS.join(", ")}. See --help.`);
  return {
    path,
    format,
    rules: rulesOf(values.map ?? [], format),
    dropRest: values["drop-rest"] ?? false,
    tolerateRejected: values["tolerate-rejected"] ?? false,
    url: values.url,
    key: values.key,
  };
};
