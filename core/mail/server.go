package mail

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Server is the mail server of the site, which takes mails and brings them further.
type Server struct {
	Address  string       // HOST:PORT
	Security Security     // of the connection
	User     string       // "" for none
	Password string       // of the user; never logged
	From     mail.Address // who mails are from, and who is told when one does not arrive
	TLS      *tls.Config  // nil for that of the machine; the host's name is checked
}

// Security says how a connection to the server is kept from others.
type Security string

// The ways. Without any, no password is sent but to the machine itself.
const (
	StartTLS Security = "starttls" // port 587; refused where the server does not have it
	TLS      Security = "tls"      // port 465
	Plain    Security = "none"
)

// The times after which the server counts as silent: what it may take for an ordinary
// command, and for the answer to a mail that it was given, which it may scan first.
const (
	commandTime    = 30 * time.Second
	submissionTime = 2 * time.Minute
)

// open begins a conversation with the server. It is closed when ctx ends.
func (s Server) open(ctx context.Context) (*smtp.Client, func(), error) {
	dialer := net.Dialer{Timeout: commandTime}
	conn, err := dialer.DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	end := func() { stop(); _ = conn.Close() }
	client, err := s.greet(conn)
	if err != nil {
		end()
		return nil, nil, err
	}
	return client, func() { _ = client.Quit(); end() }, nil
}

func (s Server) greet(conn net.Conn) (client *smtp.Client, err error) {
	secured, err := Secured(s.TLS, s.Address)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(commandTime)) // of what comes before the client's own
	switch s.Security {
	case TLS:
		client = smtp.NewClient(tls.Client(conn, secured))
	case StartTLS:
		client, err = smtp.NewClientStartTLS(conn, secured)
	case Plain:
		client = smtp.NewClient(conn)
	default:
		return nil, fmt.Errorf("%q is no way to secure a connection", s.Security)
	}
	if err != nil {
		return nil, err
	}
	client.CommandTimeout, client.SubmissionTimeout = commandTime, submissionTime
	if err := client.Hello(s.domain()); err != nil {
		return nil, err
	}
	if s.User == "" {
		return client, nil
	}
	if s.Security == Plain && Exposed(conn.RemoteAddr()) {
		return nil, errors.New("the password would be sent without encryption: set mail.security to starttls or tls")
	}
	return client, client.Auth(sasl.NewPlainClient("", s.User, s.Password))
}

// Secured is how a connection to an address is secured: c with the name of the host, which
// its certificate must have; nil for what the machine trusts.
func Secured(c *tls.Config, address string) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	secured := &tls.Config{}
	if c != nil {
		secured = c.Clone()
	}
	secured.ServerName = cmp.Or(secured.ServerName, host)
	return secured, nil
}

// Exposed says whether others could read what goes over a connection without encryption.
func Exposed(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || !tcp.IP.IsLoopback()
}

// sender is the address of the site as mail servers know it, and domain is its domain.
func (s Server) sender() string { return wireAddress(s.From.Address) }

func (s Server) domain() string {
	sender := s.sender()
	return sender[strings.LastIndex(sender, "@")+1:]
}

// Try opens a conversation with the server and ends it, so that an operator learns
// whether the settings are right.
func (s Server) Try(ctx context.Context) error {
	_, end, err := s.open(ctx)
	if err != nil {
		return err
	}
	end()
	return nil
}
