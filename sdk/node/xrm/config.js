import { Refused } from "./errors.js";
import { misfits, readMembers, schemaOf, t } from "./types.js";
import { decode } from "./values.js";

// Config is the configuration of a plugin: the types of its settings, by their names.
//
//	const config = new Config({ sla: t.duration.default("48h").doc("Time until a visit is overdue.") });
//
// The administrator writes it under config in PLUGINS/NAME.yaml, and xrm hands over every
// change while the plugin runs. check throws Refused for what types cannot refuse.
export class Config {
  #settings;
  #check;
  #now;

  constructor(settings, check = () => {}) {
    this.#settings = settings;
    this.#check = check;
  }

  // now is what holds now; it is set before any other handler runs. A t.duration is in milliseconds.
  get now() {
    if (this.#now === undefined) {
      throw new Error("the plugin has not been configured yet; read the configuration in a handler");
    }
    return this.#now;
  }

  async set(encoded) {
    const written = decode(encoded) ?? {};
    const violations = misfits("", t.object(this.#settings), written);
    if (violations.length > 0) {
      throw new Refused(violations);
    }
    const now = readMembers(this.#settings, written);
    await this.#check(now);
    this.#now = now;
  }

  describe(mistakes) {
    const schema = schemaOf("the configuration", t.object(this.#settings), mistakes);
    return Buffer.from(JSON.stringify({ $schema: "https://json-schema.org/draft/2020-12/schema", ...schema }, null, 2));
  }
}
