// Clock measures working time by a calendar of the site, such as the time until a complaint
// must be answered: it runs, is paused, and knows when its target is reached. It is a value,
// which a field of type object keeps: calendar (text), target and consumed (integer,
// milliseconds), runningSince (datetime).
export class Clock {
  constructor({ calendar, target, consumed = 0, runningSince = null }) {
    Object.assign(this, { calendar, target, consumed, runningSince: runningSince === null ? null : new Date(runningSince) });
    Object.freeze(this);
  }

  get running() {
    return this.runningSince !== null;
  }

  // resume lets the clock run from an instant on. One that runs goes on.
  resume(at) {
    return this.running ? this : new Clock({ ...this, runningSince: at });
  }

  // pause stops the clock at an instant.
  async pause(host, at) {
    return new Clock({ ...this, consumed: await this.used(host, at), runningSince: null });
  }

  // move lets another calendar count from an instant on.
  async move(host, at, calendar) {
    const paused = new Clock({ ...(await this.pause(host, at)), calendar });
    return this.running ? paused.resume(at) : paused;
  }

  // used is the working time that the clock has measured until an instant.
  async used(host, at) {
    return this.running && at > this.runningSince ? this.consumed + (await host.workTime(this.calendar, this.runningSince, at)) : this.consumed;
  }

  // left is the working time until the target; less than 0 when it has passed.
  async left(host, at) {
    return this.target - (await this.used(host, at));
  }

  // dueAt is when so many percent of the target are used up; null while it is paused.
  async dueAt(host, percent = 100) {
    const left = Math.floor((this.target * percent) / 100) - this.consumed;
    return this.running ? host.dueAfter(this.calendar, this.runningSince, Math.max(0, left)) : null;
  }

  toJSON() {
    const { calendar, target, consumed, runningSince } = this;
    return { calendar, target, consumed, ...(runningSince && { runningSince }) };
  }
}
