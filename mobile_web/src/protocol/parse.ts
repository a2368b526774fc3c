/** Reading what others wrote: strict JSON and the validator of the wire's schema. Both agree with Python's verdict. */
import { Malformed } from "./errors.ts";
import { type Body, CLIENT_TYPES, type FromRelay, HOST_TYPES, type LiveBody, SCHEMAS } from "./generated.ts";

/** Deepest nesting of a sealed JSON text, the outermost object counted. */
const MAX_DEPTH = 64;

export type JsonObject = Readonly<Record<string, unknown>>;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Parse a JSON object so that Python and JavaScript agree on every input (SPEC 2.6).
 *
 * Throws `Malformed` for invalid UTF-8, a byte order mark, nesting over `MAX_DEPTH`, numbers that are not finite,
 * integers outside ±(2^53 - 1), unpaired surrogates, and anything that is not an object.
 */
export function strictJson(data: Uint8Array): JsonObject {
  let value: unknown;
  try {
    const text = decoder.decode(data);
    checkDepth(text);
    value = JSON.parse(text);
  } catch (error) {
    throw error instanceof Malformed ? error : new Malformed("not JSON in UTF-8");
  }
  if (!isObject(value)) throw new Malformed("not a JSON object");
  checkValues(value);
  return value;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkDepth(text: string): void {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (quoted) {
      if (char === "\\") at += 1;
      else if (char === '"') quoted = false;
    } else if (char === '"') quoted = true;
    else if (char === "[" || char === "{") {
      depth += 1;
      if (depth > MAX_DEPTH) throw new Malformed("nested too deeply");
    } else if (char === "]" || char === "}") depth -= 1;
  }
}

const SURROGATE = /\p{Surrogate}/u;

function checkValues(value: unknown): void {
  if (typeof value === "string") {
    if (SURROGATE.test(value)) throw new Malformed("unpaired surrogate");
  } else if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new Malformed("a number is not finite");
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw new Malformed("an integer is too large");
  } else if (Array.isArray(value)) {
    value.forEach(checkValues);
  } else if (isObject(value)) {
    for (const [name, item] of Object.entries(value)) {
      checkValues(name);
      checkValues(item);
    }
  }
}

// The language of the compact schema is described in scripts/generate_types.py.
type Compact = string | readonly [string, ...unknown[]];

const patterns = new Map<string, RegExp>();

function matches(pattern: string, text: string): boolean {
  let found = patterns.get(pattern);
  if (found === undefined) patterns.set(pattern, (found = new RegExp(pattern)));
  return found.test(text);
}

function within(value: number, least: unknown, most: unknown): boolean {
  return value >= (least as number) && value <= (most as number);
}

function fits(schema: Compact, value: unknown): boolean {
  const [kind, a, b] = typeof schema === "string" ? [schema] : schema;
  const bounded = typeof schema !== "string";
  switch (kind) {
    case "any":
      return true;
    case "null":
      return value === null;
    case "bool":
      return typeof value === "boolean";
    case "int":
      return Number.isInteger(value) && (!bounded || within(value as number, a, b));
    case "num":
      return typeof value === "number" && (!bounded || within(value, a, b));
    case "str":
      if (typeof value !== "string") return false;
      return !bounded || ((a === 0 || matches(a as string, value)) && (b === undefined || [...value].length <= (b as number)));
    case "is":
      return (schema as readonly unknown[]).indexOf(value, 1) > 0;
    case "list":
      return Array.isArray(value) && (b === undefined || value.length <= (b as number)) && value.every((item) => fits(a as Compact, item));
    case "map":
      return isObject(value) && Object.values(value).every((item) => fits(a as Compact, item));
    case "or":
      return (schema.slice(1) as Compact[]).some((option) => fits(option, value));
    case "ref":
      return fits(SCHEMAS[a as string] as Compact, value);
    case "by": {
      const options = b as Record<string, Compact>;
      const tag = isObject(value) ? value[a as string] : undefined;
      const option = typeof tag === "string" && Object.hasOwn(options, tag) ? options[tag] : undefined;
      return option !== undefined && fits(option, value);
    }
    case "obj":
      return isObject(value) && Object.entries(a as Record<string, Compact>).every(([name, part]) => {
        const optional = name.endsWith("?");
        const member = optional ? name.slice(0, -1) : name;
        return Object.hasOwn(value, member) ? fits(part, value[member]) : optional;
      });
    default:
      throw new TypeError(`unknown schema ${String(kind)}`);
  }
}

/** Whether a value has the form that SCHEMAS gives this name. */
export function conforms(name: keyof typeof SCHEMAS, value: unknown): boolean {
  return fits(["ref", name], value);
}

/** True: of a known type and form. False: of an unknown type. Throws `Malformed` for a broken form. */
export function checkBody(body: JsonObject): boolean {
  const kind = body["type"] as string;
  if (!CLIENT_TYPES.includes(kind) && !HOST_TYPES.includes(kind)) return false;
  if (!conforms("Body", body)) throw new Malformed(`the entry's form is wrong: ${kind}`);
  return true;
}

/** A body that `checkBody` found known. */
export function asBody(body: JsonObject): Body {
  return body as unknown as Body;
}

/** A live body; null for one of a newer version or a broken form: live frames are dropped without harm. */
export function parseLive(body: JsonObject): LiveBody | null {
  return conforms("LiveBody", body) ? (body as unknown as LiveBody) : null;
}

/** A frame of the relay. Throws `Malformed`. */
export function parseFrame(text: string): FromRelay {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Malformed("a frame is not JSON");
  }
  if (!conforms("FromRelay", value)) throw new Malformed("a frame of the relay has the wrong form");
  return value as FromRelay;
}
