// Refusals: what a handler throws, and what the host answers.

// XRMError is a refusal that the user gets to see, with its code. Whatever else a handler
// throws is a mistake of the plugin: the user reads INTERNAL, and the log has the stack.
export class XRMError extends Error {
  code = "INTERNAL";

  constructor(message = "", violations = []) {
    const all = Array.isArray(violations) ? violations : Object.entries(violations).map(([field, text]) => ({ field, message: text }));
    super([message, ...all.map((v) => `${v.field} ${v.message}`)].filter(Boolean).join("; "));
    this.name = this.constructor.name;
    this.text = message;
    this.violations = all.map((v) => ({ field: v.field, rule: v.rule ?? "rejected", message: v.message }));
  }

  // guarded says whether the guard of a write did not hold.
  get guarded() {
    return this.violations.some((v) => v.rule === "guard");
  }
}

// Refused refuses values; the user can mend them: new Refused({ "lines[2].quantity": "must be whole" }).
export class Refused extends XRMError {
  code = "INVALID";

  constructor(violations = {}, message = "") {
    super(message, violations);
  }
}

export class NotFound extends XRMError {
  code = "NOT_FOUND";
}

export class Forbidden extends XRMError {
  code = "FORBIDDEN";
}

export class Conflict extends XRMError {
  code = "CONFLICT";
}

export class Unavailable extends XRMError {
  code = "UNAVAILABLE";
}

export class RateLimited extends XRMError {
  code = "RATE_LIMITED";
}

// Ended is the reason of host.signal: nobody waits for the answer of the call any more.
export class Ended extends Error {
  name = "AbortError"; // as what fetch and the timers of Node.js throw

  constructor(message = "the call has ended") {
    super(message);
  }
}

// RetryAfter has an event come again, after so many milliseconds at the earliest.
export class RetryAfter extends Error {
  name = "RetryAfter";

  constructor(milliseconds, reason) {
    super(reason);
    this.milliseconds = milliseconds;
  }
}

// DeadLetter puts an event aside, for an administrator to look at.
export class DeadLetter extends Error {
  name = "DeadLetter";
}

const kinds = new Map([NotFound, Forbidden, Conflict, Unavailable, RateLimited].map((kind) => [new kind().code, kind]));

// fromWire makes an error of the class that has the code.
export function fromWire({ code, message, violations }) {
  if (code === "INVALID") {
    return new Refused(violations ?? [], message);
  }
  const error = new (kinds.get(code) ?? XRMError)(message, violations ?? []);
  error.code = code;
  return error;
}

// toWire says what the user may see of an error, or, where that is nothing, what the log
// of the host should have.
export function toWire(what, error) {
  if (error instanceof XRMError) {
    return { code: error.code, message: wellFormed(error.text), violations: error.violations.map((v) => ({ ...v, message: wellFormed(v.message) })) };
  }
  const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return { code: "INTERNAL", cause: wellFormed(`${what}: ${cause}`), stack: wellFormed(String(error?.stack ?? "")) };
}

// wellFormed is what UTF-8 can say of a text.
const wellFormed = (text) => Buffer.from(text).toString();

// check throws the refusal in an answer of the host.
export function check(answer) {
  if (answer.error) {
    throw fromWire(answer.error);
  }
  return answer;
}
