package main

import (
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core/mail"
	"github.com/openxrm/xrm/core/mail/imap"
	"github.com/openxrm/xrm/core/work"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/entities"
)

// sends says whether the site has a mail server.
func (m Mail) sends() bool { return m.Server != "" }

// receives says whether the site has a mailbox.
func (m Mail) receives() bool { return m.Inbox.Server != "" }

func (m Mail) check(fault func(key, format string, args ...any)) {
	m.Inbox.check(m.sends(), fault)
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

func (in Inbox) check(sends bool, fault func(key, format string, args ...any)) {
	if ways := []string{string(mail.StartTLS), string(mail.TLS), string(mail.Plain)}; !slices.Contains(ways, in.Security) {
		fault("mail.inbox.security", "must be tls, starttls or none, not %q", in.Security)
	}
	if in.Server == "" {
		for key, value := range map[string]string{"mail.inbox.user": in.User, "mail.inbox.passwordFile": in.PasswordFile} {
			if value != "" {
				fault(key, "is of no use without a mail.inbox.server")
			}
		}
		return
	}
	if !sends {
		fault("mail.inbox.server", "needs a mail.server: answers and reports are about what went out")
	}
	if _, port, err := net.SplitHostPort(in.Server); err != nil || port == "" {
		fault("mail.inbox.server", "must be a host with a port such as imap.example.com:993, not %q", in.Server)
	}
	if in.User == "" {
		fault("mail.inbox.user", "must say whose mailbox it is")
	}
	if in.PasswordFile == "" {
		fault("mail.inbox.passwordFile", "must name the file with the password of the mailbox")
	}
	if in.Folder == "" {
		fault("mail.inbox.folder", "must name a folder such as INBOX")
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
	s.Password, err = readPassword("mail.passwordFile", m.PasswordFile, m.User)
	return s, err
}

// mailbox is the mailbox of the site, with its password.
func mailbox(in Inbox) (imap.Mailbox, error) {
	m := imap.Mailbox{Address: in.Server, Security: mail.Security(in.Security), User: in.User, Folder: in.Folder}
	var err error
	m.Password, err = readPassword("mail.inbox.passwordFile", in.PasswordFile, in.User)
	return m, err
}

func readPassword(key, file, user string) (string, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("read the password of %s (%s): %w", user, key, err)
	}
	password := strings.TrimRight(string(content), "\r\n")
	if password == "" {
		return "", fmt.Errorf("the file %s (%s) is empty; write the password of %s into it", file, key, user)
	}
	return password, nil
}

// mailServers are the servers that mails go out by and come in by; the zero values where
// the site has none.
func mailServers(m Mail) (server mail.Server, box imap.Mailbox, err error) {
	if m.sends() {
		if server, err = mailServer(m); err != nil {
			return server, box, err
		}
	}
	if m.receives() {
		box, err = mailbox(m.Inbox)
	}
	return server, box, err
}

// mailServices are what sends mails and takes them in.
func (s *server) mailServices() (all []work.Service) {
	if s.config.Mail.sends() {
		sender := &mail.Sender{Server: s.mail, Records: s.records, Log: s.log}
		all = append(all, work.Service{Owner: mail.Owner, Name: mail.Service, Run: sender.Run})
	}
	if s.config.Mail.receives() {
		receiver := &mail.Receiver{Mailbox: s.mailbox, Records: s.records, State: s.store, Log: s.log}
		all = append(all, work.Service{Owner: mail.Owner, Name: mail.Intake, Run: receiver.Run})
	}
	return all
}

// shipped are the definitions that come with the program, as far as the site uses them.
func shipped(c Config) []schema.Source {
	all := entities.Sources()
	if c.Mail.sends() {
		all = append(all, entities.Mail()...)
	}
	return all
}
