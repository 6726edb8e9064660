// Types of the API, and of settings.

const DECIMAL = "^-?[0-9]+(\\.[0-9]+)?$";
const SPAN = "^([0-9]+d|([0-9]+d)?([0-9]+(\\.[0-9]+)?(ns|us|ms|s|m|h))+)$";
const UNITS = { ns: 1e-6, us: 1e-3, ms: 1, s: 1e3, m: 60e3, h: 3600e3 };

// Type is one type. Its methods return another one, and change nothing.
class Type {
  constructor(of) {
    Object.assign(this, of);
  }

  // optional may be left out, or null.
  optional() {
    return new Type({ ...this, isOptional: true });
  }

  // doc describes an argument, a member or a setting.
  doc(text) {
    return new Type({ ...this, text });
  }

  // default is what holds for a setting that is left out.
  default(value) {
    return new Type({ ...this, fallback: value });
  }
}

const scalar = (name, schema, read = (value) => value) => new Type({ scalar: name, schema, read });

export const t = {
  text: scalar("text", { type: "string" }),
  boolean: scalar("boolean", { type: "boolean" }),
  integer: scalar("integer", { type: "integer" }),
  decimal: scalar("decimal", { type: "string", pattern: DECIMAL, examples: ["12.50"] }),
  id: scalar("id"),
  date: scalar("date"),
  datetime: scalar("datetime", undefined, (value) => new Date(value)),
  record: (entity) => new Type({ entity }),
  list: (of) => new Type({ list: of }),
  object: (name, members) => (typeof name === "string" ? new Type({ name, members }) : new Type({ name: "", members: name })),
  // For settings alone:
  duration: new Type({ schema: { type: "string", pattern: SPAN, examples: ["48h", "1h30m", "14d"] }, read: span }),
  oneOf: (...values) => new Type({ schema: { type: "string", enum: values } }),
};

// readAs turns what JSON has said into what a type asks for; null is undefined, so that
// the defaults of JavaScript hold.
export function readAs(type, value) {
  if (value === null || value === undefined) {
    return type.fallback !== undefined ? readAs(type, type.fallback) : type.isOptional ? undefined : empty(type);
  }
  if (type.list) {
    return value.map((one) => readAs(type.list, one));
  }
  return type.members ? readMembers(type.members, value) : (type.read?.(value) ?? value);
}

function empty({ list, members }) {
  return list ? [] : members && readMembers(members, {});
}

export function readMembers(members, values) {
  return Object.fromEntries(Object.entries(members).map(([name, type]) => [name, readAs(type, values?.[name])]));
}

// misfits are violations: what of a setting does not fit its type.
export function misfits(path, type, value) {
  const wrong = (message) => [{ field: path, message }];
  if (value === null || value === undefined) {
    return type.isOptional || type.fallback !== undefined || type.members ? [] : wrong("is required");
  }
  if (type.list) {
    return Array.isArray(value) ? value.flatMap((one, i) => misfits(`${path}[${i}]`, type.list, one)) : wrong("must be a list");
  }
  if (type.members) {
    if (typeof value !== "object" || Array.isArray(value)) {
      return wrong("must be an object");
    }
    const at = (name) => (path ? `${path}.${name}` : name);
    const unknown = Object.keys(value).filter((name) => !(name in type.members)).map((name) => ({ field: at(name), message: "is no setting" }));
    return [...unknown, ...Object.entries(type.members).flatMap(([name, of]) => misfits(at(name), of, value[name]))];
  }
  const { type: name, enum: options = [value], pattern = "" } = type.schema;
  const fits = name === "integer" ? Number.isInteger(value) || typeof value === "bigint" : typeof value === name && new RegExp(pattern).test(value);
  return fits && options.includes(value) ? [] : wrong(type.schema.enum ? `must be one of ${options.join(", ")}` : `must be ${pattern ? `a text such as ${type.schema.examples[0]}` : `of the type ${name}`}`);
}

// span is a duration in milliseconds.
function span(written) {
  const [, days = 0, rest] = /^(?:(\d+)d)?(.*)$/.exec(written);
  return [...rest.matchAll(/(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)/g)].reduce((sum, [, n, unit]) => sum + n * UNITS[unit], days * 86400e3);
}

// Typer describes types. The objects that it meets on the way gather in objects, and what
// is wrong with them in mistakes.
export class Typer {
  objects = new Map();
  mistakes = [];
  #known = new Map();
  #inside = [];

  // of is the type on the wire; where says in messages what has it.
  of(where, type, input = false) {
    if (!(type instanceof Type)) {
      this.mistakes.push(`${where} has no type; there are ${Object.keys(t).map((name) => `t.${name}`).join(", ")}`);
      return {};
    }
    const required = !type.isOptional && !type.list && type.fallback === undefined;
    if (type.scalar) {
      return { scalar: type.scalar, required };
    }
    if (type.list) {
      return { list: this.of(where, type.list, input) };
    }
    if (type.entity) {
      if (input) {
        this.mistakes.push(`${where} is a record, which cannot be an argument; take its t.id`);
      }
      return { entity: type.entity, required };
    }
    if (type.members && type.name) {
      return { object: this.#object(where, type, input), required };
    }
    this.mistakes.push(`${where} ${type.members ? "is an object without a name; write t.object(\"Total\", { ... })" : "is of a type that only settings can have"}`);
    return {};
  }

  members(of, members, input) {
    return Object.entries(members ?? {}).map(([name, type]) => ({ name, doc: type?.text ?? "", type: this.of(of(name), type, input) }));
  }

  #object(where, type, input) {
    const name = input && !type.name.endsWith("Input") ? `${type.name}Input` : type.name;
    const { members } = type;
    if (this.#inside.includes(members)) {
      this.mistakes.push(`${where} contains itself; the API cannot show that, return records or ids`);
      return name;
    }
    if (!this.#known.has(name)) {
      this.#known.set(name, members);
      this.#inside.push(members);
      this.objects.set(name, { name, input, members: this.members((member) => `${type.name}.${member}`, members, input) });
      this.#inside.pop();
    } else if (this.#known.get(name) !== members) {
      this.mistakes.push(`there are two objects that would both be called ${name} in the API; rename one`);
    }
    return name;
  }
}

// schemaOf is the JSON Schema of a setting.
export function schemaOf(where, type, mistakes) {
  let schema = { ...type.schema };
  if (type.list) {
    schema = { type: "array", items: schemaOf(where, type.list, mistakes) };
  } else if (type.members) {
    const required = Object.keys(type.members).filter((name) => {
      const { isOptional, fallback, members } = type.members[name];
      return !isOptional && fallback === undefined && !members;
    });
    const properties = Object.fromEntries(Object.entries(type.members).map(([name, of]) => [name, schemaOf(`${where}.${name}`, of, mistakes)]));
    schema = { type: "object", properties, additionalProperties: false, ...(required.length > 0 && { required }) };
  } else if (!type.schema) {
    mistakes.push(`${where} is of a type that no setting can have; there are t.text, t.boolean, t.integer, t.decimal, t.duration, t.oneOf, t.list and t.object`);
  }
  return { ...schema, ...(type.text && { description: type.text }), ...(type.fallback !== undefined && { default: type.fallback }) };
}
