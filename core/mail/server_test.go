package mail_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/openxrm/xrm/core/mail"
)

// guarded is a mail server with a certificate, and a password.
type guarded struct {
	session
	password string
}

func (g *guarded) AuthMechanisms() []string { return []string{sasl.Plain} }

func (g *guarded) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "xrm" || password != "s3cret" {
			return smtp.ErrAuthFailed
		}
		return nil
	}), nil
}

// certified serves with a certificate for example.com, and returns who has signed it.
func certified(t *testing.T, implicit bool) (address string, trusted *x509.CertPool) {
	site := httptest.NewTLSServer(nil)
	t.Cleanup(site.Close)
	trusted = x509.NewCertPool()
	trusted.AddCert(site.Certificate())
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = listener.Addr().String()
	certificate := &tls.Config{Certificates: site.TLS.Certificates}
	s := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &guarded{session: session{server: &server{}}}, nil }))
	s.TLSConfig = certificate
	if implicit {
		listener = tls.NewListener(listener, certificate)
	}
	go s.Serve(listener)
	t.Cleanup(func() { _ = listener.Close() })
	return address, trusted
}

func TestTheServersCertificateAndOurPasswordAreLookedAt(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		implicit bool
		change   func(s *mail.Server)
		want     string
	}{
		"STARTTLS":                 {want: ""},
		"TLS":                      {implicit: true, change: func(s *mail.Server) { s.Security = mail.TLS }},
		"a wrong password":         {change: func(s *mail.Server) { s.Password = "secret" }, want: "SMTP error 535: Authentication failed"},
		"a certificate of others":  {change: func(s *mail.Server) { s.TLS.RootCAs = x509.NewCertPool() }, want: "certificate signed by unknown authority"},
		"a certificate of another": {change: func(s *mail.Server) { s.TLS.ServerName = "other.example" }, want: "valid for example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, trusted := certified(t, tt.implicit)
			s := mail.Server{
				Address: address, Security: mail.StartTLS, User: "xrm", Password: "s3cret", From: netmail.Address{Address: "service@example.org"},
				TLS: &tls.Config{RootCAs: trusted, ServerName: "example.com"},
			}
			if tt.change != nil {
				tt.change(&s)
			}
			err := s.Try(t.Context())
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAServerWithoutStartTLSIsRefused(t *testing.T) {
	t.Parallel()
	s := mail.Server{Address: serveSMTP(t).address, Security: mail.StartTLS, From: netmail.Address{Address: "service@example.org"}}
	if err := s.Try(t.Context()); err == nil || !strings.Contains(err.Error(), "doesn't support STARTTLS") {
		t.Errorf("got %v", err)
	}
}
