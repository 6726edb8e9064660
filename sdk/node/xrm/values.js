// Values as the wire has them, and as JavaScript has them.
import { randomUUID } from "node:crypto";

// encode writes canonical JSON. What would lose digits is refused.
export const encode = (value) => Buffer.from(text(value));

// text is the JSON of a value: JSON.stringify knows no bigint.
export function text(value) {
  switch (typeof value) {
    case "undefined":
      return "null";
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "number":
    case "bigint":
      return exact(value);
    case "object":
      break;
    default:
      throw new TypeError(`a ${typeof value} has no form on the wire`);
  }
  if (value === null) {
    return "null";
  }
  if (typeof value.toJSON === "function") {
    return text(value.toJSON());
  }
  if (Array.isArray(value)) {
    return `[${value.map(text).join(",")}]`;
  }
  const members = Object.keys(value).filter((name) => value[name] !== undefined).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${text(value[name])}`).join(",")}}`;
}

// exact writes a number that is one to the last digit; a decimal is a text.
export function exact(number) {
  if (typeof number === "bigint" || Number.isSafeInteger(number)) {
    return String(number);
  }
  if (typeof number === "string" && /^-?\d+(\.\d+)?$/.test(number)) {
    return number;
  }
  throw new TypeError(`${typeof number === "string" ? JSON.stringify(number) : number} is no exact number; write a decimal as a text, "12.50", and an integer beyond 2^53 as a bigint`);
}

const big = `${randomUUID()}:`; // nobody outside can know it

// decode reads JSON; undefined for nothing. An integer that a number cannot hold is a bigint.
export function decode(data) {
  const json = data?.toString() ?? "";
  if (json === "") {
    return undefined;
  }
  if (!/\d{16}/.test(json)) {
    return JSON.parse(json);
  }
  const marked = json.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    /^-?\d+$/.test(token) && !Number.isSafeInteger(Number(token)) ? `"${big}${token}"` : token);
  return JSON.parse(marked, (_, value) => (typeof value === "string" && value.startsWith(big) ? BigInt(value.slice(big.length)) : value));
}

// instant reads RFC 3339; null for nothing.
export const instant = (rfc3339) => (rfc3339 ? new Date(rfc3339) : null);
