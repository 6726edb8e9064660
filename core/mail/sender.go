package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/schema"
)

// Owner and Service name what sends, in the places of a plugin and its service. No plugin
// can have that name.
const (
	Owner   = core.OwnPrefix + "mail"
	Service = "sender"
)

// Actor is who the history says has handed a mail over.
var Actor = core.Actor{ID: Owner, Name: "xrm: the sender of mails"}

const (
	lookEvery = time.Second // how often it is looked whether there is something to send
	atOnce    = 20          // mails read at a time
	parallel  = 4           // conversations with the mail server
)

// Sender hands over what is queued. Of all instances one runs it, by a lease: see
// work.Service. A mail is marked before a byte of it goes out, so that whoever comes after
// a sender that was killed knows that it may have arrived.
type Sender struct {
	Server  Server
	Records *record.Service
	Log     *slog.Logger
}

// Run sends until ctx ends. now is what reads and writes are decided by, and whether this
// instance is certain that no other one sends.
func (s *Sender) Run(ctx context.Context, now func() (on record.Basis, sure bool)) error {
	for {
		on, sure := now()
		if !sure {
			return ctx.Err()
		}
		b := &box{Sender: s, session: s.Records.As(Actor, on).Unbound(), e: on.Model.Entity(entity)}
		more, err := b.round(ctx)
		if err != nil {
			return err
		}
		if more && ctx.Err() == nil {
			continue
		}
		select {
		case <-time.After(lookEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// box is the mails as they are to be read and written at a moment.
type box struct {
	*Sender
	session *record.Session
	e       *schema.Entity
}

// round hands over some of what is due, and says whether there may be more.
func (b *box) round(ctx context.Context) (more bool, err error) {
	if err := b.giveUp(ctx); err != nil {
		return false, err
	}
	now := b.Records.Now()
	due, err := b.letters(ctx, map[string]any{
		"state": map[string]any{"eq": queued},
		"or":    []any{map[string]any{"dueAt": map[string]any{"isNull": true}}, map[string]any{"dueAt": map[string]any{"lte": now.UTC().Format(time.RFC3339Nano)}}},
	})
	if err != nil {
		return false, fmt.Errorf("look for mails to be sent: %w", err)
	}
	wanted, err := b.wanted(ctx, due)
	if err != nil {
		return false, fmt.Errorf("look whether they are wanted: %w", err)
	}
	var sending sync.WaitGroup
	turns := make(chan struct{}, parallel)
	failures := make([]error, len(due))
	for i, l := range due {
		turns <- struct{}{}
		sending.Go(func() {
			defer func() { <-turns }()
			failures[i] = b.send(ctx, l, wanted)
		})
	}
	sending.Wait()
	return len(due) == atOnce, errors.Join(failures...)
}

// giveUp marks what a sender before this one was handing over: between two rounds there is
// nothing that this one hands over. Should the other be slow and not gone, it still says
// what has become of the mail.
func (b *box) giveUp(ctx context.Context) error {
	left, err := b.letters(ctx, map[string]any{"state": map[string]any{"eq": sending}})
	if err != nil {
		return fmt.Errorf("look for mails that were being handed over: %w", err)
	}
	var failures []error
	for _, l := range left {
		for i := range l.recipients {
			if l.recipients[i].state == pending {
				l.recipients[i].state = unknown
			}
		}
		b.tellUnknown(l)
		failures = append(failures, b.save(ctx, l, unknown, map[string]any{
			"lastError": "The process that handed it over ended before it knew whether the mail was taken.",
		}))
	}
	return errors.Join(failures...)
}

// tellUnknown tells the operator what only a person can find out.
func (b *box) tellUnknown(l letter) {
	b.Log.Warn("A mail was perhaps sent, and is not sent again by itself. Ask its recipient or the mail server, then move it to sent, queued or canceled.", "mail", l.id)
}

// letters finds some mails, the longest due first.
func (b *box) letters(ctx context.Context, filter map[string]any) (all []letter, err error) {
	f, err := b.session.Model.ParseFilter(b.e, filter, true)
	if err != nil {
		return nil, err
	}
	due := b.e.Field("dueAt")
	found, err := b.session.Find(ctx, b.e, core.Query{Filter: f, First: atOnce, OrderBy: []core.Order{{Path: due.StoragePath(), Field: due}}})
	for _, r := range found {
		all = append(all, read(r))
	}
	return all, err
}

// wanted says of the addresses of some mails whether anything may be sent there.
func (b *box) wanted(ctx context.Context, mails []letter) (func(address string) bool, error) {
	var addresses []any
	for _, l := range mails {
		for _, to := range l.recipients {
			addresses = append(addresses, to.address)
		}
	}
	if len(addresses) == 0 {
		return func(string) bool { return true }, nil
	}
	e := b.session.Model.Entity(suppression)
	f, err := b.session.Model.ParseFilter(e, map[string]any{"address": map[string]any{"in": addresses}}, true)
	if err != nil {
		return nil, err
	}
	found, err := b.session.Find(ctx, e, core.Query{Filter: f, First: len(addresses)})
	unwanted := map[any]bool{}
	for _, r := range found {
		unwanted[r.Values["address"]] = true
	}
	return func(address string) bool { return !unwanted[address] }, err
}
