package mail

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

const (
	firstPause  = time.Minute      // after an attempt that failed; then twice as long each time
	longPause   = time.Hour        // at the most
	maxAttempts = 126              // which takes five days, as RFC 5321, 4.5.4.1 asks
	lastWish    = 5 * time.Second  // what an attempt may still take after the end of its sender
	insist      = 30 * time.Second // for how long it is tried to keep what became of a mail
)

// errCalledOff is the end of an attempt at a mail that somebody else has changed.
var errCalledOff = errors.New("somebody else has changed the mail")

// send hands one mail over, if it can.
func (b *box) send(ctx context.Context, l letter, wanted func(address string) bool) error {
	again := !slices.ContainsFunc(l.recipients, recipient.open) // it had come to its end, and somebody has moved it back
	var to []string
	for i, r := range l.recipients {
		switch {
		case r.state == accepted, !again && !r.open():
		case r.address == "":
			l.recipients[i].state, l.recipients[i].reply = refused, "There is no address, or it was erased."
		case !wanted(r.address):
			l.recipients[i].state, l.recipients[i].reply = suppressed, ""
		default:
			l.recipients[i].state = pending
			to = append(to, wireAddress(r.address))
		}
	}
	if len(to) == 0 {
		return b.save(ctx, l, l.outcome(), map[string]any{})
	}
	l.attempts++
	content, err := b.Server.compose(l, b.Records.Now())
	if err != nil {
		return b.save(ctx, l, failed, map[string]any{"attempts": l.attempts, "lastError": "It cannot be written as a mail: " + err.Error()})
	}
	ctx, end := outlasting(ctx, lastWish)
	defer end()
	return b.conclude(ctx, l, b.Server.deliver(ctx, to, content, func() error { return b.mark(ctx, l) }))
}

// open says whether it is still to be decided about a recipient. What is unknown, somebody has
// decided to send again.
func (r recipient) open() bool { return r.state == pending || r.state == unknown }

// outlasting ends a while after ctx does.
func outlasting(ctx context.Context, d time.Duration) (context.Context, func()) {
	longer, end := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(d, end) })
	return longer, func() { stop(); end() }
}

// mark notes that the mail is about to be handed over, if it is as it was read.
func (b *box) mark(ctx context.Context, l letter) error {
	result := b.session.Save(ctx, b.e, []record.Draft{{Action: core.Updated, ID: l.id, IfVersion: l.version, Set: map[string]any{
		"state": sending, "attempts": l.attempts, "messageId": b.Server.messageID(l.id),
	}}}, false)[0]
	switch core.CodeOf(result.Err) {
	case core.Conflict, core.NotFound:
		return errCalledOff
	}
	return result.Err
}

// conclude keeps what became of an attempt.
func (b *box) conclude(ctx context.Context, l letter, d delivery) error {
	if errors.Is(d.err, errCalledOff) {
		return nil
	}
	now := b.Records.Now()
	for i, r := range l.recipients {
		if said, decided := d.replies[wireAddress(r.address)]; decided && r.state == pending {
			l.recipients[i].state, l.recipients[i].reply = said.state, said.words
		}
	}
	set := map[string]any{"attempts": l.attempts, "lastError": nil}
	if d.err != nil {
		set["lastError"] = d.err.Error()
	}
	state := l.outcome()
	switch {
	case d.unsure:
		b.tellUnknown(l)
	case state == sent:
		set["sentAt"] = now.UTC().Format(time.RFC3339Nano)
	case state == queued && l.attempts >= maxAttempts:
		state = failed
	case state == queued:
		set["dueAt"] = now.Add(pause(l.attempts)).UTC().Format(time.RFC3339Nano)
	}
	return b.save(ctx, l, state, set)
}

// pause is how long the next attempt waits.
func pause(attempts int64) time.Duration {
	return min(firstPause<<min(attempts-1, 10), longPause)
}

// outcome is the state of a mail, as its recipients say it.
func (l letter) outcome() string {
	have := map[string]bool{}
	for _, r := range l.recipients {
		have[r.state] = true
	}
	switch {
	case have[unknown]:
		return unknown
	case have[pending]:
		return queued
	case have[accepted]:
		return sent
	case have[refused]:
		return failed
	}
	return suppressed
}

// save keeps how a mail stands, unless somebody has settled it meanwhile. What cannot be
// kept is found in the state in which it was handed over.
func (b *box) save(ctx context.Context, l letter, state string, set map[string]any) error {
	set["state"], set["recipients"] = state, l.stored()
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), insist)
	defer end()
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		result := b.session.Save(ctx, b.e, []record.Draft{{Action: core.Updated, ID: l.id, Set: set, From: []string{queued, sending, unknown}}}, false)[0]
		switch core.CodeOf(result.Err) {
		case core.Conflict, core.NotFound:
			return struct{}{}, nil
		case core.Unavailable:
			return struct{}{}, result.Err
		case "":
			return struct{}{}, nil
		}
		return struct{}{}, backoff.Permanent(result.Err)
	}, backoff.WithMaxElapsedTime(insist))
	return err
}
