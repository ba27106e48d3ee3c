import {
  isInnerList,
  parseDictionary,
  serializeInnerList,
  serializeItem,
  type InnerList,
  type Item,
} from "structured-headers";

/** Components one signature may cover: an honest one covers about ten. */
const MAX_COMPONENTS = 32;

/** A request as a signature sees it; fields by their name in lower case, each line one entry. */
export interface RequestParts {
  readonly method: string;
  /** `https` or `http`: how the client reached it, which only configuration knows behind a proxy. */
  readonly scheme: string;
  /** Host and port as the client wrote them; without the port when it is the scheme's own. */
  readonly authority: string;
  /** Path and query as they were sent. */
  readonly target: string;
  readonly fields: Readonly<Record<string, readonly string[] | undefined>>;
}

/** An answer as a signature sees it, with the request it answers. */
export interface AnswerParts {
  readonly status: number;
  readonly fields: RequestParts["fields"];
  readonly request: RequestParts;
}

/** Thrown when a signature base can't be made: RFC 9421, 2.5 asks for an error, never for a guess. */
export class SignatureBaseError extends Error {
  override readonly name = "SignatureBaseError";
}

const fail = (why: string): never => {
  throw new SignatureBaseError(why);
};

const pathOf = ({ target }: RequestParts): string => target.split("?")[0] || "/";
const queryOf = ({ target }: RequestParts): string => {
  const start = target.indexOf("?");
  return start < 0 ? "?" : target.slice(start);
};

/** The value of a single query parameter, decoded and encoded again as forms do (RFC 9421, 2.2.8). */
const queryParameter = (request: RequestParts, name: unknown): string => {
  if (typeof name !== "string") return fail("@query-param names no parameter");
  const values = new URLSearchParams(queryOf(request).slice(1)).getAll(decodeURIComponent(name));
  if (values.length !== 1) return fail("@query-param names a parameter that does not stand in the query once");
  const encoded = encodeURIComponent(values[0] ?? "");
  return encoded.replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
};

const DERIVED: Readonly<Record<string, (request: RequestParts, parameters: Item[1]) => string>> = {
  "@method": ({ method }) => method,
  "@scheme": ({ scheme }) => scheme.toLowerCase(),
  "@authority": ({ authority }) => authority.toLowerCase(),
  "@target-uri": ({ scheme, authority, target }) => `${scheme}://${authority}${target}`,
  "@request-target": ({ target }) => target,
  "@path": pathOf,
  "@query": queryOf,
  "@query-param": (request, parameters) => queryParameter(request, parameters.get("name")),
};

/** One member of a field that is a dictionary, in its strict form. */
const memberOf = (lines: readonly string[], key: unknown): string => {
  const member = typeof key === "string" ? parseDictionary(lines.join(", ")).get(key) : undefined;
  if (member === undefined) return fail("a covered field has no such member");
  return isInnerList(member) ? serializeInnerList(member) : serializeItem(member);
};

const fieldOf = (fields: RequestParts["fields"], name: string, parameters: Item[1]): string => {
  const lines = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (lines === undefined || lines.length === 0) return fail(`the covered field ${name} is not there`);
  if (parameters.has("key")) return memberOf(lines, parameters.get("key"));
  return lines.map((line) => line.trim()).join(", ");
};

/** What this product understands of components' parameters; one it does not could change a value's meaning. */
const checkParameters = (name: string, parameters: Item[1]): void => {
  for (const parameter of parameters.keys()) {
    const known = parameter === "req" || (name === "@query-param" ? parameter === "name" : parameter === "key");
    if (!known || (parameter === "key" && name.startsWith("@")))
      fail(`a component has the unknown parameter ${parameter}`);
  }
};

const isAnswer = (message: RequestParts | AnswerParts): message is AnswerParts => "status" in message;

const valueOf = (message: RequestParts | AnswerParts, name: string, parameters: Item[1]): string => {
  checkParameters(name, parameters);
  const ofRequest = parameters.get("req") === true;
  if (parameters.has("req") && (!ofRequest || !isAnswer(message))) return fail("`req` is for answers alone");
  const subject = isAnswer(message) && ofRequest ? message.request : message;
  if (name === "@status") return isAnswer(subject) ? String(subject.status) : fail("@status is of answers alone");
  if (!name.startsWith("@")) return fieldOf(subject.fields, name, parameters);
  const derive = Object.hasOwn(DERIVED, name) ? DERIVED[name] : undefined;
  if (derive === undefined || isAnswer(subject)) return fail(`${name} can't be derived`);
  return derive(subject, parameters);
};

/** The names of the components an input covers, without those bound to the request. */
export const coveredNames = ([items]: InnerList): ReadonlySet<string> =>
  new Set(items.flatMap(([name, parameters]) => (typeof name === "string" && parameters.size === 0 ? [name] : [])));

/**
 * The bytes a signature is made over (RFC 9421, 2.5). Throws {@link SignatureBaseError} when a component is not there, not known, named twice,
 * or not in lower case, or when there are more than 32.
 */
export const signatureBase = (input: InnerList, message: RequestParts | AnswerParts): Buffer => {
  const [items] = input;
  if (items.length > MAX_COMPONENTS) fail("it covers too many components");
  const lines = new Map<string, string>();
  for (const [name, parameters] of items) {
    if (typeof name !== "string" || name !== name.toLowerCase()) return fail("a component has no name in lower case");
    const identifier = serializeItem([name, parameters]);
    if (lines.has(identifier) || name === "@signature-params") fail("a component is covered twice");
    const value = valueOf(message, name, parameters);
    // A line break within a value would forge the lines that follow (RFC 9421, 7.5.6).
    if (/[\r\n]/.test(value)) fail("a component holds a line break");
    lines.set(identifier, `${identifier}: ${value}`);
  }
  return Buffer.from([...lines.values(), `"@signature-params": ${serializeInnerList(input)}`].join("\n"), "latin1");
};
