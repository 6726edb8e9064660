package main

import (
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core/mail"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// sends says whether the site has a mail server.
func (m Mail) sends() bool { return m.Server != "" }

func (m Mail) check(fault func(key, format string, args ...any)) {
	if ways := []string{string(mail.StartTLS), string(mail.TLS), string(mail.Plain)}; !slices.Contains(ways, m.Security) {
		fault("mail.security", "must be starttls, tls or none, not %q", m.Security)
	}
	if !m.sends() {
		for key, value := range map[string]string{"mail.from": m.From, "mail.user": m.User, "mail.passwordFile": m.PasswordFile} {
			if value != "" {
				fault(key, "is of no use without a mail.server")
			}
		}
		return
	}
	if _, port, err := net.SplitHostPort(m.Server); err != nil || port == "" {
		fault("mail.server", "must be a host with a port such as mail.example.com:587, not %q", m.Server)
	}
	if _, err := netmail.ParseAddress(m.From); err != nil {
		fault("mail.from", "must be an address such as Example Ltd <service@example.com>, not %q", m.From)
	}
	if m.User != "" && m.PasswordFile == "" {
		fault("mail.passwordFile", "must name the file with the password of %s", m.User)
	}
}

// mailServer is the mail server of the site, with its password.
func mailServer(m Mail) (mail.Server, error) {
	from, err := netmail.ParseAddress(m.From)
	if err != nil {
		return mail.Server{}, err
	}
	s := mail.Server{Address: m.Server, Security: mail.Security(m.Security), User: m.User, From: *from}
	if m.PasswordFile == "" {
		return s, nil
	}
	password, err := os.ReadFile(m.PasswordFile)
	if err != nil {
		return s, fmt.Errorf("read the password of the mail server (mail.passwordFile): %w", err)
	}
	if s.Password = strings.TrimRight(string(password), "\r\n"); s.Password == "" {
		return s, fmt.Errorf("the file %s (mail.passwordFile) is empty; write the password of %s into it", m.PasswordFile, m.User)
	}
	return s, nil
}

// shipped are the definitions that come with the program, as far as the site uses them.
func shipped(c Config) []schema.Source {
	all := entities.Sources()
	if c.Mail.sends() {
		all = append(all, entities.Mail()...)
	}
	return all
}
