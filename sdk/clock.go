package sdk

import (
	"context"
	"time"
)

// Clock measures working time by a calendar of the site, such as the time until a
// complaint must be answered: it runs, is paused, and knows when its target is reached.
// It is a value, which a plugin stores in a field with Value and reads with
// Record.Clock:
//
//	clock:
//	  type: object
//	  fields:
//	    calendar: {type: text}
//	    target: {type: integer}    # milliseconds, as consumed
//	    consumed: {type: integer}
//	    runningSince: {type: datetime}
//
// What it has consumed stays consumed: another Target leaves it as it is, and so does
// another calendar with Move. What runs is counted by the calendar as the site has it
// when it is asked. All times are in milliseconds; the rest is cut off.
type Clock struct {
	Calendar     string
	Target       time.Duration
	Consumed     time.Duration // until RunningSince
	RunningSince time.Time     // zero while it is paused
}

// Running says whether the clock is not paused.
func (c Clock) Running() bool { return !c.RunningSince.IsZero() }

// Resume lets the clock run from an instant on. One that runs goes on.
func (c Clock) Resume(at time.Time) Clock {
	if !c.Running() {
		c.RunningSince = at.UTC().Truncate(time.Millisecond)
	}
	return c
}

// Pause stops the clock at an instant. One that is paused stays as it is.
func (c Clock) Pause(ctx context.Context, host Host, at time.Time) (Clock, error) {
	used, err := c.Used(ctx, host, at)
	if err != nil {
		return c, err
	}
	c.Consumed, c.RunningSince = used, time.Time{}
	return c, nil
}

// Move lets another calendar count from an instant on. What ran until then is counted by
// the one before: if that is gone, the error is INVALID, and who sets Calendar instead has
// all since RunningSince counted by the other one.
func (c Clock) Move(ctx context.Context, host Host, at time.Time, calendar string) (Clock, error) {
	paused, err := c.Pause(ctx, host, at)
	if err != nil {
		return c, err
	}
	paused.Calendar = calendar
	if c.Running() {
		paused = paused.Resume(at)
	}
	return paused, nil
}

// Used is the working time that the clock has measured until an instant.
func (c Clock) Used(ctx context.Context, host Host, at time.Time) (time.Duration, error) {
	if !c.Running() || !at.After(c.RunningSince) {
		return c.Consumed, nil
	}
	work, err := host.WorkTime(ctx, c.Calendar, c.RunningSince, at.Truncate(time.Millisecond))
	return c.Consumed + work, err
}

// Left is the working time until the target, at an instant; less than 0 when it has
// passed. It is Target - Used.
func (c Clock) Left(ctx context.Context, host Host, at time.Time) (time.Duration, error) {
	used, err := c.Used(ctx, host, at)
	return c.Target - used, err
}

// DueAt is when so many percent of the target are used up if the clock goes on running:
// 80 for a warning, 100 for the target itself. It is the zero time while the clock is
// paused, and RunningSince when they were used up before.
func (c Clock) DueAt(ctx context.Context, host Host, percent int) (time.Time, error) {
	if !c.Running() {
		return time.Time{}, nil
	}
	left := c.Target/100*time.Duration(percent) + c.Target%100*time.Duration(percent)/100 - c.Consumed
	return host.DueAfter(ctx, c.Calendar, c.RunningSince, max(0, left.Truncate(time.Millisecond)))
}

// Value is the clock as an object field of a record keeps it.
func (c Clock) Value() map[string]any {
	value := map[string]any{"calendar": c.Calendar, "target": c.Target.Milliseconds(), "consumed": c.Consumed.Milliseconds()}
	if c.Running() {
		value["runningSince"] = c.RunningSince.UTC().Format(time.RFC3339Nano)
	}
	return value
}

// Clock returns the clock that a field of a record keeps; the zero Clock for none.
func (r *Record) Clock(path string) Clock {
	ms := func(name string) time.Duration { return time.Duration(r.Int(path+"."+name)) * time.Millisecond }
	return Clock{Calendar: r.Text(path + ".calendar"), Target: ms("target"), Consumed: ms("consumed"), RunningSince: r.Time(path + ".runningSince")}
}
