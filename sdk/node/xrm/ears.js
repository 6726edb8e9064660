// What is broadcast, handed to all in this process who listen.
import { Unavailable } from "./errors.js";
import { decode } from "./values.js";

const KEEPS_UP = 256; // how much one that listens may leave lying

export class Ears {
  #on = new Map();

  open(topic) {
    const all = this.#on.get(topic) ?? new Set();
    const ear = new Ear(topic, () => {
      all.delete(ear);
      if (all.size === 0 && this.#on.get(topic) === all) {
        this.#on.delete(topic);
      }
    });
    this.#on.set(topic, all.add(ear));
    return ear;
  }

  // hear waits for nobody.
  hear(heard, missed) {
    if (missed) {
      this.#on.forEach((all) => all.forEach((ear) => ear.lose()));
    }
    for (const { topic, value } of heard) {
      this.#on.get(topic)?.forEach((ear) => ear.tell(value));
    }
  }
}

// Ear hears one topic, from the moment on when it was opened. It ends with its call; who
// has missed something gets Unavailable, and begins anew.
class Ear {
  #values = [];
  #missed = false;
  #ended = false;
  #wake = () => {};
  #gone;

  constructor(topic, gone) {
    this.topic = topic;
    this.#gone = gone;
  }

  tell(value) {
    if (this.#values.length === KEEPS_UP) {
      this.#missed = true;
    } else {
      this.#values.push(value);
    }
    this.#wake();
  }

  lose() {
    this.#missed = true;
    this.#wake();
  }

  close() {
    this.#ended = true;
    this.#gone();
    this.#wake();
  }

  async *[Symbol.asyncIterator]() {
    try {
      while (!this.#ended) {
        if (this.#missed) {
          throw new Unavailable(`Something that was told of ${this.topic} was missed. Begin anew.`);
        }
        if (this.#values.length > 0) {
          yield decode(this.#values.shift());
        } else {
          await new Promise((resolve) => (this.#wake = resolve));
        }
      }
    } finally {
      this.close();
    }
  }
}
