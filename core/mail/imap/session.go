package imap

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
	"github.com/openxrm/xrm/core/mail"
)

const (
	dialTime   = 30 * time.Second // how long the server may take until the mailbox is open
	answerTime = 5 * time.Minute  // how long one answer may take; the library itself waits for ever
)

// session is a conversation with the server, in which the mailbox is open.
type session struct {
	client   *imapclient.Client
	conn     net.Conn
	patience time.Duration
	close    func()
	idles    bool          // the server can tell when something comes
	news     chan struct{} // gets a word when it does
	validity uint32        // of the numbers of the mails
}

// open begins a conversation. It is closed when ctx ends.
func (m Mailbox) open(ctx context.Context) (*session, error) {
	dialer := net.Dialer{Timeout: dialTime}
	conn, err := dialer.DialContext(ctx, "tcp", m.Address)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	s := &session{conn: conn, patience: cmp.Or(m.Patience, answerTime), news: make(chan struct{}, 1), close: func() { stop(); _ = conn.Close() }}
	if err := s.within(dialTime, func() error { return m.begin(ctx, s, conn) }); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (m Mailbox) begin(ctx context.Context, s *session, conn net.Conn) error {
	secured, err := mail.Secured(m.TLS, m.Address)
	if err != nil {
		return err
	}
	options := &imapclient.Options{TLSConfig: secured, UnilateralDataHandler: &imapclient.UnilateralDataHandler{Mailbox: s.tell}}
	switch m.Security {
	case mail.TLS:
		inTLS := tls.Client(conn, secured)
		if err := inTLS.HandshakeContext(ctx); err != nil {
			return err
		}
		s.client = imapclient.New(inTLS, options)
	case mail.StartTLS:
		if s.client, err = imapclient.NewStartTLS(conn, options); err != nil {
			return err
		}
	case mail.Plain:
		if mail.Exposed(conn.RemoteAddr()) {
			return errors.New("the password would be sent without encryption: set mail.inbox.security to tls or starttls")
		}
		s.client = imapclient.New(conn, options)
	default:
		return fmt.Errorf("%q is no way to secure a connection", m.Security)
	}
	if err := s.client.WaitGreeting(); err != nil {
		return err
	}
	if err := m.login(s.client); err != nil {
		return fmt.Errorf("log in as %s: %w", m.User, err)
	}
	opened, err := s.client.Select(m.folder(), &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return fmt.Errorf("open the folder %s: %w", m.folder(), err)
	}
	s.validity, s.idles = opened.UIDValidity, s.client.Caps().Has(imap.CapIdle)
	return nil
}

// within closes the connection when the server takes too long for something: a server that
// stands still would have the mailbox read by nobody, for as long as it likes.
func (s *session) within(limit time.Duration, do func() error) error {
	late := time.AfterFunc(limit, func() { _ = s.conn.Close() })
	err := do()
	if !late.Stop() && err != nil {
		return fmt.Errorf("the mail server did not answer within %s", limit)
	}
	return err
}

func (m Mailbox) login(c *imapclient.Client) error {
	caps := c.Caps()
	if caps.Has(imap.AuthCap(sasl.Plain)) {
		return c.Authenticate(sasl.NewPlainClient("", m.User, m.Password))
	}
	if caps.Has(imap.CapLoginDisabled) {
		return errors.New("the server takes no password")
	}
	return c.Login(m.User, m.Password).Wait()
}

// tell is called when the server says how many mails there are.
func (s *session) tell(said *imapclient.UnilateralDataMailbox) {
	if said.NumMessages == nil {
		return
	}
	select {
	case s.news <- struct{}{}:
	default: // somebody is looking soon
	}
}

const (
	idleTime = 5 * time.Minute  // after which it is looked whether the server is still there
	pollTime = 30 * time.Second // between looks, where the server cannot tell
)

// await returns when there may be something new.
func (s *session) await(ctx context.Context, poll time.Duration) error {
	if !s.idles {
		select {
		case <-s.news:
		case <-time.After(poll):
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	idle, err := s.client.Idle()
	if err != nil {
		return err
	}
	over := make(chan error, 1)
	go func() { over <- idle.Wait() }()
	select {
	case err := <-over: // the connection has ended
		return errors.Join(err, net.ErrClosed)
	case <-s.news:
	case <-time.After(idleTime):
	case <-ctx.Done():
		return ctx.Err()
	}
	return s.within(s.patience, func() error {
		if err := idle.Close(); err != nil {
			return err
		}
		return <-over
	})
}
