import { existsSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";

// Plugin is everything that a plugin contributes. Its methods say when a function is
// called; what comes before can still refuse, what has happened cannot be undone.
export class Plugin {
  operations = [];
  fields = [];
  jobs = [];
  services = [];
  migrations = [];
  endpoints = [];
  pages = [];
  saveRules = new Map();
  deleteRules = new Map();
  subscriptions = new Map();
  timelines = new Map();
  timers = new Map();
  health = null;
  mistakes = [];

  // name and version are those in plugin.yaml; entities is a folder of definitions,
  // new URL("entities", import.meta.url), mails one of templates for host.sendMail,
  // and texts one of what it says in other languages than English.
  constructor({ name, version, entities, mails, texts, partyData, config }) {
    const [entitiesAt, mailsAt, textsAt] = [entities, mails, texts].map((folder) => (folder instanceof URL ? fileURLToPath(folder) : folder));
    Object.assign(this, { name, version, entities: entitiesAt, mails: mailsAt, texts: textsAt, partyData, config });
  }

  beforeSave(entity, run) {
    return this.#named(this.saveRules, "beforeSave", entity, run);
  }

  beforeDelete(entity, run) {
    return this.#named(this.deleteRules, "beforeDelete", entity, run);
  }

  query(name, options, run) {
    return this.#operation("QUERY", name, options, run);
  }

  mutation(name, options, run) {
    return this.#operation("MUTATION", name, options, run);
  }

  subscription(name, options, run) {
    return this.#operation("SUBSCRIPTION", name, options, run);
  }

  computed(entity, name, { returns, doc = "" }, run) {
    this.fields.push({ entity, name, returns, doc, run });
    return this;
  }

  on(topic, run) {
    return this.#named(this.subscriptions, "on", topic, run);
  }

  timeline(topic, run) {
    return this.#named(this.timelines, "timeline", topic, run);
  }

  job(name, { schedule = "", zone = "", doc = "" }, run) {
    this.jobs.push({ name, schedule, zone, doc, run });
    return this;
  }

  service(name, ...rest) {
    this.services.push({ name, ...optional(rest) });
    return this;
  }

  // migration brings records of an entity of the plugin to a version of its data: up and
  // back change record.values, and look at nothing else.
  migration(entity, to, { up, back }) {
    this.migrations.push({ entity, to, up, back });
    return this;
  }

  timer(name, run) {
    return this.#named(this.timers, "timer", name, run);
  }

  http(pattern, ...rest) {
    const [path, method = ""] = pattern.split(" ").reverse();
    this.endpoints.push({ method, path, ...optional(rest) });
    return this;
  }

  // page shows people the index.html of a folder, new URL("board", import.meta.url), at
  // /pages/PLUGIN/NAME.
  page(name, { title, files, needs = [], forEverybody = false }) {
    const folder = files instanceof URL ? fileURLToPath(files) : files;
    this.pages.push({ name, title, folder, needs: [needs].flat(), forEverybody });
    return this;
  }

  check(run) {
    this.health = run;
    return this;
  }

  // run is the process of a plugin. Where another module imports it, such as a test, it
  // does nothing.
  async run(meta) {
    if (existsSync(process.argv[1] ?? "") && realpathSync(process.argv[1]) === fileURLToPath(meta.url)) {
      const { serve } = await import("./serve.js");
      await serve(this);
    }
  }

  #named(functions, what, name, run) {
    if (functions.has(name)) {
      this.mistakes.push(`${what} has two functions for ${name}; make one of them`);
    }
    functions.set(name, run);
    return this;
  }

  #operation(kind, name, { doc = "", args = {}, returns, needs = [], forEverybody = false }, run) {
    this.operations.push({ kind, name, doc, args, returns, needs: [needs].flat(), forEverybody, run });
    return this;
  }
}

// optional are options that may be left out, and the function behind them.
function optional(rest) {
  const [{ doc = "" }, run] = typeof rest[0] === "function" ? [{}, rest[0]] : rest;
  return { doc, run };
}
