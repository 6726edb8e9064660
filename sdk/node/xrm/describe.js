// What a plugin tells of itself.
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { described as pageOf } from "./pages.js";
import { Typer } from "./types.js";

const API = /^[a-z][a-zA-Z0-9]*$/;
const TOPIC = /^[a-z][a-zA-Z0-9-]*\.([a-zA-Z][a-zA-Z0-9]*|\*)$/;
const NEED = /^[a-z][a-zA-Z0-9]*\.(read|create|update|delete|grant|withdraw)$/;

// describe derives the contribution from the declaration, or throws every mistake in it.
export function describe(plugin, sdk) {
  const typer = new Typer();
  const mistakes = typer.mistakes;
  mistakes.push(...plugin.mistakes);
  if (!/^[a-z][a-z0-9-]*$/.test(plugin.name)) {
    mistakes.push(`the name is ${JSON.stringify(plugin.name)}; it must be of lower-case letters, digits and hyphens`);
  }
  if (!plugin.version) {
    mistakes.push("the version is missing");
  }
  const message = {
    name: plugin.name, version: plugin.version, sdk,
    entities: filesOf(plugin.entities, [".yaml", ".yml"], mistakes).map(([at, yaml]) => ({ path: at, yaml })),
    texts: filesOf(plugin.texts, [".yaml"], mistakes).map(([at, data]) => ({ path: at, data })),
    mails: filesOf(plugin.mails, [".txt", ".html"], mistakes).map(([at, data]) => ({ path: at, data })),
    beforeSave: [...plugin.saveRules.keys()].sort(),
    beforeDelete: [...plugin.deleteRules.keys()].sort(),
    operations: plugin.operations.map((o) => operation(o, typer)),
    fields: plugin.fields.map(({ entity, name, doc, returns }) => ({ entity, name, doc, returns: typer.of(`the value of ${entity}.${name}`, returns) })),
    subscriptions: topicsOf(plugin),
    timers: [...plugin.timers.keys()].sort(),
    jobs: plugin.jobs.map(({ name, schedule, zone, doc }) => ({ name, schedule, timeZone: zone, doc })),
    migrations: migrations(plugin.migrations, mistakes),
    services: plugin.services.map(({ name, doc }) => ({ name, doc })),
    endpoints: plugin.endpoints.map(({ method, path: at, doc }) => ({ method, path: at, doc })),
    pages: plugin.pages.map((p) => page(p, mistakes)),
    configSchema: plugin.config?.describe(mistakes) ?? Buffer.alloc(0),
    partyData: partiesOf(plugin, mistakes),
  };
  message.objects = [...typer.objects.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  mistakes.push(...names(plugin, message), ...functions(plugin));
  if (mistakes.length > 0) {
    throw new TypeError(`plugin ${plugin.name}:\n${mistakes.join("\n")}`);
  }
  return { ...message, features: features(message) };
}

function filesOf(folder, suffixes, mistakes) {
  if (folder === undefined) {
    return [];
  }
  const files = readdirSync(folder, { recursive: true }).filter((file) => suffixes.includes(path.extname(file))).sort();
  if (files.length === 0) {
    mistakes.push(`${folder} holds no *${suffixes[0]} file`);
  }
  return files.map((file) => [path.posix.join(path.basename(folder), file), readFileSync(path.join(folder, file))]);
}

function migrations(all, mistakes) {
  const steps = [...all].sort((a, b) => a.to - b.to || (a.entity < b.entity ? -1 : 1));
  for (const [i, { entity, to, up }] of steps.entries()) {
    if (to < 2 || to > (steps[i - 1]?.to ?? 1) + 1) {
      mistakes.push(`there is a migration of ${entity} to version ${to}; the first one leads to 2, and versions have no gaps`);
    } else if (steps[i - 1]?.to === to && steps[i - 1].entity === entity) {
      mistakes.push(`there are two migrations of ${entity} to version ${to}; make one of them`);
    }
    if (typeof up !== "function") {
      mistakes.push(`the migration of ${entity} to version ${to} has no function up`);
    }
  }
  return steps.map(({ entity, to, back }) => ({ entity, to, reversible: back !== undefined }));
}

function page(declared, mistakes) {
  rights(`page ${declared.name}`, declared.needs, declared.forEverybody, mistakes);
  return pageOf(declared, mistakes);
}

function rights(what, needs, forEverybody, mistakes) {
  for (const right of needs.filter((need) => !NEED.test(need))) {
    mistakes.push(`${what} needs ${JSON.stringify(right)}; write an entity and one of read, create, update, delete, grant and withdraw, such as visit.update`);
  }
  if (forEverybody && needs.length > 0) {
    mistakes.push(`${what} is forEverybody and has needs; say one of them`);
  }
}

function operation({ kind, name, doc, args, returns, needs, forEverybody }, typer) {
  rights(`operation ${name}`, needs, forEverybody, typer.mistakes);
  return { kind, name, doc, needs, forEverybody, arguments: typer.members((member) => `the argument ${member} of ${name}`, args, true), returns: typer.of(`the result of ${name}`, returns) };
}

export const keepsMore = ({ partyData }) => partyData !== undefined && !partyData.onlyRecords;

function topicsOf(plugin) {
  return [...new Set([...plugin.subscriptions.keys(), ...plugin.timelines.keys(), ...(keepsMore(plugin) ? ["party.merged", "party.erased"] : [])])].sort();
}

function partiesOf(plugin, mistakes) {
  if (!keepsMore(plugin)) {
    return plugin.partyData;
  }
  const { merge, export: exports, erase } = plugin.partyData;
  const described = { merge: Boolean(merge), export: Boolean(exports), erase: Boolean(erase) };
  mistakes.push(...Object.keys(described).filter((name) => !described[name]).map((name) => `partyData has no ${name}`));
  return described;
}

function names(plugin, { subscriptions }) {
  const kinds = [
    ["operation", plugin.operations.map((o) => o.name), API, "use camelCase"],
    ["computed field", plugin.fields.map((f) => `${f.entity}.${f.name}`), /^[a-z][a-zA-Z0-9]*\.[a-z][a-zA-Z0-9]*$/, "use camelCase"],
    ["job", plugin.jobs.map((j) => j.name), API, "use camelCase"],
    ["service", plugin.services.map((s) => s.name), API, "use camelCase"],
    ["page", plugin.pages.map((p) => p.name), API, "use camelCase"],
    ["timer", [...plugin.timers.keys()], API, "use camelCase"],
    ["topic", subscriptions, TOPIC, "write ENTITY.ACTION such as order.created, or order.*"],
    ["endpoint", plugin.endpoints.map((e) => `${e.method} ${e.path}`.trim()), /^([A-Z]+ )?\/[a-zA-Z0-9/._~-]*$/, "write \"POST /erp\""],
  ];
  const wrong = kinds.flatMap(([kind, all, form, advice]) => [
    ...all.filter((name) => !form.test(name)).map((name) => `${JSON.stringify(name)} cannot be the name of ${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}; ${advice}`),
    ...new Set(all.filter((name, i) => all.indexOf(name) !== i).map((name) => `there are two of the ${kind} ${name}; rename one`)),
  ]);
  return [...wrong, ...plugin.jobs.filter((j) => !j.schedule).map((j) => `job ${j.name} has no schedule`)];
}

// functions finds what was given no function, which only a call would show.
function functions({ operations, fields, jobs, services, endpoints, saveRules, deleteRules, subscriptions, timelines, timers }) {
  const listed = [...operations, ...fields, ...jobs, ...services, ...endpoints].map(({ name, path: at, run }) => [name ?? at, run]);
  return [...listed, ...saveRules, ...deleteRules, ...subscriptions, ...timelines, ...timers]
    .filter(([, run]) => typeof run !== "function").map(([name]) => `${name} has no function as its last argument`);
}

// features is what a host must have for this plugin beyond the first release of the protocol.
function features(d) {
  return Object.entries({
    config: d.configSchema.length, deletes: d.beforeDelete.length, events: d.subscriptions.length, http: d.endpoints.length, jobs: d.jobs.length,
    mails: d.mails.length, migrations: d.migrations.length, pages: d.pages.length, parties: d.partyData?.export, services: d.services.length, subscriptions: d.operations.some((o) => o.kind === "SUBSCRIPTION"), timers: d.timers.length,
  }).filter(([, needed]) => needed).map(([name]) => name);
}
