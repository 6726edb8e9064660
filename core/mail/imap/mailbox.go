package imap

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"time"

	"github.com/openxrm/xrm/core/mail"
)

// Mailbox is a mailbox at a mail server.
type Mailbox struct {
	Address  string        // HOST:PORT
	Security mail.Security // of the connection
	User     string
	Password string        // never logged
	Folder   string        // "" for INBOX
	TLS      *tls.Config   // nil for that of the machine; the host's name is checked
	Poll     time.Duration // between looks where the server cannot tell that something comes; 0 for half a minute
	Patience time.Duration // for one answer of the server, a whole mail included; 0 for five minutes
}

var _ mail.Mailbox = Mailbox{}

func (m Mailbox) folder() string { return cmp.Or(m.Folder, "INBOX") }

// Name says which mailbox it is, whoever may see that.
func (m Mailbox) Name() string { return m.User + " at " + m.Address + ", " + m.folder() }

// Follow implements mail.Mailbox.
func (m Mailbox) Follow(ctx context.Context, from mail.Place, take func(context.Context, mail.Found, mail.Place) error) error {
	s, err := m.open(ctx)
	if err != nil {
		return fmt.Errorf("open the mailbox %s: %w", m.Name(), ended(ctx, err))
	}
	defer s.close()
	for {
		before := from
		if from, err = s.look(ctx, from, take); err != nil {
			return ended(ctx, err)
		}
		if from.UID != before.UID { // not every server tells what came meanwhile
			continue
		}
		if err := s.await(ctx, cmp.Or(m.Poll, pollTime)); err != nil {
			return fmt.Errorf("wait for mails in %s: %w", m.Name(), ended(ctx, err))
		}
	}
}

// ended is the end of ctx where that is why a connection failed.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}
