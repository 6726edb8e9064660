import type { Fields, File, Filter, Plugin, Record, User } from "./index.js";

/** Runs a plugin in the process of the test until that ends. */
export function rehearse(t: { after(end: () => unknown): unknown }, plugin: Plugin, options?: { entities?: string[] }): Promise<Rehearsal>;

export interface Happened {
  id: string;
  topic: string;
  key: string;
  entity: string;
  recordId: string;
  changes: { path: string; from: any; to: any }[];
  payload: any;
}

/** The other side of a plugin under test. */
export interface Rehearsal {
  readonly log: string[];
  add(entity: string, values: Fields): Promise<Record>;
  get(entity: string, id: string): Promise<Record>;
  find(entity: string, filter?: Filter): Promise<Record[]>;
  create(entity: string, values: Fields): Promise<Record>;
  update(record: Record): Promise<Record>;
  delete(entity: string, id: string): Promise<void>;
  call(operation: string, args?: Fields, options?: { idempotencyKey?: string }): Promise<any>;
  resolve(entity: string, field: string, parents: { id: string }[]): Promise<any[]>;
  subscribe(operation: string, args?: Fields): AsyncGenerator<any>;
  fetch(target: string, init?: RequestInit): Promise<Response>;
  actAs(user: Partial<User> & { id: string }): Promise<void>;
  deliver(): Promise<void>;
  advance(milliseconds: number): Promise<void>;
  events(topic: string): Promise<Happened[]>;
  redeliver(id: string): Promise<void>;
  deadLetters(): Promise<{ event: Happened; reason: string }[]>;
  runJob(name: string): Promise<void>;
  startService(name: string): Promise<() => Promise<void>>;
  runService(name: string): Promise<void>;
  now(): Promise<Date>;
  finds(): Promise<number>;
  mergeParty(party: string, into: string): Promise<void>;
  eraseParty(party: string): Promise<void>;
  exportParty(party: string): Promise<any>;
  configure(settings: Fields): Promise<void>;
  setSecret(name: string, value: string): Promise<void>;
  setCalendars(...files: string[]): Promise<void>;
  broadcast(topic: string, value: unknown): Promise<void>;
  migrate(entity: string, from: number, to: number, values: { [field: string]: unknown }): Promise<{ [field: string]: any }>;
  upload(name: string, content: string | Uint8Array): Promise<File>;
  content(file: string): Promise<Buffer>;
  pageFile(page: string, file: string): Promise<Buffer | null>;
  text(language: string, english: string): Promise<string>;
  mails(): Promise<{ key: string; to: string[]; cc: string[]; bcc: string[]; template: string; language: string; subject: string; text: string; html: string; party: string }[]>;
  broadcasts(): Promise<{ topic: string; value: any }[]>;
  missBroadcasts(): Promise<void>;
  awaitListener(topic: string): Promise<void>;
  offer(operation: string, answer: (args: any) => unknown): Promise<void>;
  site(origin: string, answer: (request: Request) => Response | Promise<Response>): Promise<void>;
  close(): Promise<void>;
}
