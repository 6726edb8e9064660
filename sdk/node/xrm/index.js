// Plugins of xrm in Node.js. README.md of sdk/node begins with a first one.
export { Clock } from "./clock.js";
export { Config } from "./config.js";
export { Conflict, DeadLetter, Ended, Forbidden, NotFound, RateLimited, Refused, RetryAfter, Unavailable, XRMError } from "./errors.js";
export { ANY_VERSION, avg, max, min, sum } from "./host.js";
export { Plugin } from "./plugin.js";
export { groupBy, ids, Record } from "./record.js";
export { t } from "./types.js";
export { create, transition, update, updateIf, upsert } from "./writes.js";
