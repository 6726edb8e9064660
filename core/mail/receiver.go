package mail

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// Intake names the service that takes mails in, beside the sender of the same owner.
const Intake = "inbox"

// Postmaster is who the history says has taken a mail in.
var Postmaster = core.Actor{ID: core.MailboxOwner, Name: "xrm: the mailbox"}

// Mailbox is where mails for the site come in.
type Mailbox interface {
	// Name is that of no other mailbox.
	Name() string

	// Follow hands over what lies beyond a place in the mailbox, the oldest first, and from
	// then on what comes, each with the place that is reached then. It returns when ctx
	// ends, take fails, or the mailbox cannot be read any more. It changes nothing in it.
	Follow(ctx context.Context, from Place, take func(context.Context, Found, Place) error) error
}

// Place is how far a mailbox was read.
type Place struct {
	Since    time.Time `json:"since"`    // the day; what came before is left alone
	Validity uint32    `json:"validity"` // of the numbers; with another one, all of them count for nothing
	UID      uint32    `json:"uid"`      // of the last mail that was taken in; 0 for none
}

// Found is a mail that lies in a mailbox.
type Found struct {
	Raw     []byte // as it came; of one that is too large its header
	Size    int64  // of all of it, in bytes
	At      time.Time
	UID     uint32
	Problem string // why Raw is not there; "" when it is
}

// State keeps in the database how far the mailbox was read, so that it goes with the
// records into a backup.
type State interface {
	State(ctx context.Context, owner, key string) (value []byte, version int64, err error)
	PutState(ctx context.Context, owner, key string, value []byte, ifVersion int64, expires time.Time) (version int64, err error)
}

// Receiver takes in what comes into the mailbox of the site. Of all instances one runs it,
// by a lease. A mail is a record before it is noted that it was taken in: whoever finds it
// again knows it by its key.
type Receiver struct {
	Mailbox Mailbox
	Records *record.Service
	State   State
	Log     *slog.Logger

	key   string // of the mail that the server failed at last
	tries int    // how often
}

// firstDays is how far back the first look goes: to the day before it, wherever the
// mailbox is in the world.
const firstDays = 24 * time.Hour

// placeKey is the key under which it is kept how far the mailbox was read.
const placeKey = "place"

// kept is a place, with the name of the mailbox that it is in.
type kept struct {
	Mailbox string `json:"mailbox"`
	Place
}

// Run takes mails in until ctx ends or the mailbox cannot be read. now is what reads and
// writes are decided by, and whether this instance is certain that no other one does it.
func (r *Receiver) Run(ctx context.Context, now func() (on record.Basis, sure bool)) error {
	from, err := r.place(ctx)
	if err != nil {
		return err
	}
	return r.Mailbox.Follow(ctx, from, func(ctx context.Context, f Found, reached Place) error {
		on, sure := now()
		if !sure {
			return context.Canceled
		}
		if err := r.takeIn(ctx, on, f); err != nil {
			return fmt.Errorf("take in the mail %d of the mailbox: %w", f.UID, err)
		}
		return r.reach(ctx, reached)
	})
}

// place is how far the mailbox was read. One that nobody has looked at is read from the
// day before on: nobody wants the mails of years answered.
func (r *Receiver) place(ctx context.Context) (Place, error) {
	value, _, err := r.State.State(ctx, core.MailboxOwner, placeKey)
	if err != nil {
		return Place{}, fmt.Errorf("look how far the mailbox was read: %w", err)
	}
	var at kept
	if err := json.Unmarshal(value, &at); err == nil && at.Mailbox == r.Mailbox.Name() {
		return at.Place, nil
	}
	first := Place{Since: r.Records.Now().UTC().Add(-firstDays).Truncate(24 * time.Hour)}
	return first, r.reach(ctx, first)
}

func (r *Receiver) reach(ctx context.Context, p Place) error {
	value, err := json.Marshal(kept{r.Mailbox.Name(), p})
	if err == nil {
		_, err = r.State.PutState(ctx, core.MailboxOwner, placeKey, value, core.AnyVersion, time.Time{})
	}
	if err != nil {
		return fmt.Errorf("note how far the mailbox was read: %w", err)
	}
	return nil
}
