import { decode, encode, instant, text } from "./values.js";

// Record is one record of an entity. values has what JSON has; a field without a value, or
// one that the user may not see, is absent. before is what is stored, in a rule only.
export class Record {
  #received;

  constructor(entity, values = {}, { id = "", version = 0 } = {}, received) {
    Object.assign(this, { entity, id, version, values, createdAt: null, createdBy: "", updatedAt: null, updatedBy: "", deletedAt: null, before: null });
    this.#received = received;
  }

  // A record travels as its id: the host reads it again, with the rights of the user.
  toJSON() {
    return this.id;
  }

  // patch is what was done to the values since they were received, null for what was
  // removed; empty for nothing.
  patch() {
    const before = decode(this.#received) ?? {};
    const changed = {};
    for (const field of new Set([...Object.keys(before), ...Object.keys(this.values)])) {
      if (text(this.values[field]) !== text(before[field])) {
        changed[field] = this.values[field] ?? null;
      }
    }
    return Object.keys(changed).length > 0 ? encode(changed) : Buffer.alloc(0);
  }
}

export function recordFromWire(r) {
  return described(new Record(r.entity, decode(r.values) ?? {}, r, r.values), r);
}

// described takes over what is told of a record beside its values.
export function described(record, { createdAt, createdBy, updatedAt, updatedBy, deletedAt }) {
  return Object.assign(record, { createdAt: instant(createdAt), createdBy, updatedAt: instant(updatedAt), updatedBy, deletedAt: instant(deletedAt) });
}

// ids is for a filter: { in: ids(customers) }.
export const ids = (records) => records.map((r) => r.id);

// groupBy deals out records to those that they refer to by a field: one list for each
// parent. It is what a computed field returns after one find for all parents.
export function groupBy(records, field, parents) {
  const groups = new Map(parents.map((parent) => [parent.id, []]));
  for (const record of records) {
    groups.get(record.values[field])?.push(record);
  }
  return parents.map((parent) => groups.get(parent.id));
}
