// The types of the SDK, for TypeScript and for editors. README.md of sdk/node tells what is what.
import type { Duplex, Readable } from "node:stream";

/** One type of the API or of a setting; T is what a handler sees of it. */
export interface Type<T> {
  /** May be left out, or null. */
  optional(): Type<T | undefined>;
  /** Describes an argument, a member or a setting. */
  doc(text: string): Type<T>;
  /** What holds for a setting that is left out, as an administrator would write it. */
  default(value: unknown): Type<T>;
  /** @internal */ readonly __is?: T;
}
export type Types = { [name: string]: Type<any> };
export type Values<A extends Types> = { [K in keyof A]: A[K] extends Type<infer T> ? T : never };
export type Integer = number | bigint;

export const t: {
  readonly text: Type<string>;
  readonly boolean: Type<boolean>;
  /** A number; but one beyond 2^53 is a bigint, whatever the type says. */
  readonly integer: Type<number>;
  /** A text, "12.50". */
  readonly decimal: Type<string>;
  readonly id: Type<string>;
  /** A text, "2026-01-31". */
  readonly date: Type<string>;
  readonly datetime: Type<Date>;
  record(entity: string): Type<Record | string>;
  list<T>(of: Type<T>): Type<T[]>;
  object<A extends Types>(name: string, members: A): Type<Values<A>>;
  /** A group of settings. */
  object<A extends Types>(members: A): Type<Values<A>>;
  /** A setting such as "48h" or "14d", read as milliseconds. */
  readonly duration: Type<number>;
  /** A setting that is one of these. */
  oneOf<const S extends string[]>(...values: S): Type<S[number]>;
};

/** The settings of a plugin. */
export class Config<A extends Types> {
  constructor(settings: A, check?: (settings: Values<A>) => void | Promise<void>);
  readonly now: Values<A>;
}

/** One record of an entity; values has what JSON has. */
export class Record {
  constructor(entity: string, values?: Fields, stored?: { id?: string; version?: number });
  readonly entity: string;
  readonly id: string;
  readonly version: number;
  values: Fields;
  readonly createdAt: Date | null;
  readonly createdBy: string;
  readonly updatedAt: Date | null;
  readonly updatedBy: string;
  readonly deletedAt: Date | null;
  /** What is stored, in a rule only; null for a new one. */
  readonly before: Record | null;
  toJSON(): string;
}
export type Fields = { [field: string]: any };
export type Filter = { [field: string]: any };
export interface Query {
  filter?: Filter;
  /** Words to look for. */
  search?: string;
  /** "-createdAt" is descending. */
  orderBy?: string | string[];
  after?: string;
  limit?: number;
}
export interface Measure {
  readonly function: "SUM" | "AVG" | "MIN" | "MAX";
  readonly field: string;
}
export interface Group {
  keys: any[];
  count: number;
  values: any[];
}
/** A write of a batch; create, update, updateIf, transition and upsert make it. */
export interface Write {
  readonly entity: string;
}
export interface Change {
  set?: Fields;
  add?: { [field: string]: Integer | string };
}
/** A mail of a template with its values, or of a subject and a text. */
export interface Mail {
  template?: string;
  values?: Fields;
  /** "de-AT": the nearest that the template has is taken. */
  language?: string;
  subject?: string;
  text?: string;
  html?: string;
  cc?: string | string[];
  bcc?: string | string[];
  party?: string;
  replyTo?: string;
  inReplyTo?: string;
  byHand?: boolean;
}
/** Is what a record says of a file. To put one into a record, its id is enough. */
export interface File {
  id: string;
  name: string;
  size: number;
  mediaType: string;
  sha256: string;
}
export interface User {
  id: string;
  name: string;
  roles: string[];
  party: string;
}

export const ANY_VERSION: -1;
export function sum(field: string): Measure;
export function avg(field: string): Measure;
export function min(field: string): Measure;
export function max(field: string): Measure;
export function ids(records: readonly Record[]): string[];
export function groupBy(records: readonly Record[], field: string, parents: readonly Record[]): Record[][];
export function create(entity: string, values: Fields): Write;
export function update(record: Record): Write;
export function upsert(entity: string, values: Fields, by: string): Write;
export function updateIf(entity: string, id: string, guard: Filter | null, change: Change): Write;
export function transition(entity: string, id: string, to: string, from?: string | string[]): Write;

type Log = (message: string, fields?: Fields) => void;

/** Acts with the rights of the user and the plugin, as long as the call lasts. */
export interface Host {
  readonly signal: AbortSignal;
  readonly user: User | null;
  readonly idempotencyKey: string;
  readonly asPlugin: Host;
  readonly now: Date;
  readonly log: { debug: Log; info: Log; warn: Log; error: Log };
  get(entity: string, id: string): Promise<Record>;
  find(entity: string, query?: Query): Promise<Record[]>;
  findPage(entity: string, query?: Query): Promise<{ records: Record[]; next: string }>;
  each(entity: string, query?: Query): AsyncGenerator<Record>;
  aggregate(entity: string, what: { filter?: Filter; by?: string | string[]; measures?: Measure[]; items?: string }): Promise<Group[]>;
  create(entity: string, values: Fields): Promise<Record>;
  update(record: Record): Promise<Record>;
  upsert(entity: string, values: Fields, by: string): Promise<Record>;
  updateIf(entity: string, id: string, guard: Filter | null, change: Change): Promise<Record>;
  transition(entity: string, id: string, to: string, from?: string | string[]): Promise<Record>;
  batch(writes: Write[], options?: { key?: string }): Promise<Record[]>;
  delete(entity: string, id: string, options?: { ifVersion?: number }): Promise<void>;
  publish(name: string, payload: unknown, options?: { key?: string }): Promise<void>;
  sendMail(key: string, to: string | string[], mail: Mail): Promise<{ id: string; state: string }>;
  openFile(entity: string, record: string, file: string): Promise<Readable & { file: File }>;
  uploadFile(name: string, content: string | Uint8Array | AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>): Promise<File>;
  broadcast(topic: string, value: unknown): Promise<void>;
  listen(topic: string): Promise<AsyncIterable<any>>;
  schedule(name: string, key: string, dueAt: Date, payload?: unknown): Promise<void>;
  cancel(name: string, key: string): Promise<boolean>;
  state(key: string): Promise<{ value: any; version: number }>;
  putState(key: string, value: unknown, options?: { ifVersion?: number; expiresAfter?: number }): Promise<number>;
  deleteState(key: string, options?: { ifVersion?: number }): Promise<void>;
  dueAfter(calendar: string, from: Date, milliseconds: number): Promise<Date>;
  workTime(calendar: string, from: Date, to: Date): Promise<number>;
  nextOpen(calendar: string, at: Date): Promise<Date>;
  call(operation: string, args?: Fields): Promise<any>;
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  dial(name: string): Promise<Duplex>;
  secret(name: string): Promise<string>;
}

export interface Event {
  id: string;
  topic: string;
  key: string;
  sequence: number;
  at: Date;
  attempt: number;
  user: User | null;
  via: string;
  entity: string;
  recordId: string;
  action: string;
  roles: string[];
  changes: { path: string; before: any; after: any }[];
  payload: any;
  changed(path: string): boolean;
}
export interface TimelineEntry {
  party: string;
  subject: string;
  summary?: string;
  kind?: string;
  direction?: string;
  at?: Date;
}
export interface JobRun {
  id: string;
  planned: Date;
  report(done: number, total?: number, note?: string): void;
}
export interface Timer {
  name: string;
  key: string;
  dueAt: Date;
  payload: any;
}
export type PartyData = { onlyRecords: true } | {
  merge(host: Host, party: string, into: string): unknown;
  export(host: Host, party: string): unknown;
  erase(host: Host, party: string): unknown;
};
type Maybe<T> = T | Promise<T>;
type Rule = (host: Host, record: Record) => unknown;

export interface Operation<A extends Types, T> {
  returns: Type<T>;
  args?: A;
  doc?: string;
  needs?: string | string[];
  forEverybody?: boolean;
}

/** Everything that a plugin contributes. */
export class Plugin {
  constructor(about: { name: string; version: string; entities?: URL | string; mails?: URL | string; texts?: URL | string; partyData?: PartyData; config?: Config<any> });
  beforeSave(entity: string, run: Rule): this;
  beforeDelete(entity: string, run: Rule): this;
  query<A extends Types, T>(name: string, options: Operation<A, T>, run: (host: Host, args: Values<A>) => Maybe<T>): this;
  mutation<A extends Types, T>(name: string, options: Operation<A, T>, run: (host: Host, args: Values<A>) => Maybe<T>): this;
  subscription<A extends Types, T>(name: string, options: Operation<A, T>, run: (host: Host, args: Values<A>) => AsyncIterable<T>): this;
  computed<T>(entity: string, name: string, options: { returns: Type<T>; doc?: string }, run: (host: Host, parents: Record[]) => Maybe<T[]>): this;
  on(topic: string, run: (host: Host, event: Event) => unknown): this;
  timeline(topic: string, run: (host: Host, event: Event) => Maybe<TimelineEntry | null | undefined>): this;
  job(name: string, options: { schedule: string; zone?: string; doc?: string }, run: (host: Host, run: JobRun) => unknown): this;
  service(name: string, run: (host: Host) => Promise<void>): this;
  service(name: string, options: { doc?: string }, run: (host: Host) => Promise<void>): this;
  migration(entity: string, to: number, steps: { up: (record: Record) => unknown; back?: (record: Record) => unknown }): this;
  timer(name: string, run: (host: Host, timer: Timer) => unknown): this;
  http(pattern: string, run: Endpoint): this;
  http(pattern: string, options: { doc?: string }, run: Endpoint): this;
  page(name: string, about: { title: string; files: URL | string; needs?: string | string[]; forEverybody?: boolean }): this;
  check(run: () => unknown): this;
  run(meta: ImportMeta): Promise<void>;
}
export type Endpoint = (host: Host, request: Request, from: { remoteAddress: string }) => Maybe<Response | undefined>;

/** Measures working time by a calendar of the site. It is a value, and never changes. */
export class Clock {
  constructor(of: { calendar: string; target: number; consumed?: number; runningSince?: Date | string | null });
  readonly calendar: string;
  readonly target: number;
  readonly consumed: number;
  readonly runningSince: Date | null;
  readonly running: boolean;
  resume(at: Date): Clock;
  pause(host: Host, at: Date): Promise<Clock>;
  move(host: Host, at: Date, calendar: string): Promise<Clock>;
  used(host: Host, at: Date): Promise<number>;
  left(host: Host, at: Date): Promise<number>;
  dueAt(host: Host, percent?: number): Promise<Date | null>;
}

export interface Violation {
  field: string;
  message: string;
  rule: string;
}
type Violations = { [field: string]: string } | { field: string; message: string; rule?: string }[];

/** A refusal that the user gets to see, with its code. */
export class XRMError extends Error {
  constructor(message?: string, violations?: Violations);
  code: string;
  /** The message alone, without the violations. */
  readonly text: string;
  readonly violations: Violation[];
  readonly guarded: boolean;
}
export class Refused extends XRMError {
  constructor(violations?: Violations, message?: string);
}
export class NotFound extends XRMError {}
export class Forbidden extends XRMError {}
export class Conflict extends XRMError {}
export class Unavailable extends XRMError {}
export class RateLimited extends XRMError {}
/** The reason of host.signal: nobody waits for the answer of the call any more. */
export class Ended extends Error {}
/** Has an event come again, after so many milliseconds at the earliest. */
export class RetryAfter extends Error {
  constructor(milliseconds: number, reason: string);
}
/** Puts an event aside, for an administrator to look at. */
export class DeadLetter extends Error {}
