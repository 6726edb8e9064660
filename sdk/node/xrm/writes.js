// The writes of a batch. Host has a method of the same name for each.
import { encode, exact } from "./values.js";

// create stores a new record.
export const create = (entity, values) => ({ entity, patch: encode(values) });

// upsert updates the record that has the value of this one for the unique field by, and
// creates one if there is none: doing it twice is doing it once.
export const upsert = (entity, values, by) => ({ entity, patch: encode(values), by });

// update stores what was changed since the record was read; Conflict if somebody else has
// changed it meanwhile.
export function update(record) {
  if (!record.id) {
    throw new TypeError(`update ${record.entity}: the record has no id; use create for a new one`);
  }
  return { entity: record.entity, id: record.id, ifVersion: record.version, patch: record.patch() };
}

// updateIf changes a record only if it matches the guard, on the very version that the
// change replaces; Conflict otherwise, whose guarded is true.
export function updateIf(entity, id, guard, { set, add = {} }) {
  const write = { entity, id, add: Object.fromEntries(Object.entries(add).map(([field, amount]) => [field, exact(amount)])) };
  return { ...write, ...(guard && { guard: encode(guard) }), ...(set && { patch: encode(set) }) };
}

// transition moves a record to another state, from one of the states given if any are.
export const transition = (entity, id, to, from = []) => ({ entity, id, toState: to, fromStates: [from].flat() });
