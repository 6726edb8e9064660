package mail

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/emersion/go-smtp"
)

// delivery is what became of an attempt to hand a mail over.
type delivery struct {
	replies map[string]reply // of the recipients that the server has decided about, by their addresses
	err     error            // why it was not taken; nil when it was, or when nobody is left who could get it
	unsure  bool             // the server has all of it, and nobody knows whether it took it
}

// reply is what the server says about one recipient.
type reply struct {
	state string // of the recipient
	words string
}

// deliver hands a mail over. handing is called when all is ready, and before a byte of the mail
// is sent; an error of it calls the attempt off.
func (s Server) deliver(ctx context.Context, to []string, content []byte, handing func() error) (d delivery) {
	d.replies = map[string]reply{}
	client, end, err := s.open(ctx)
	if err != nil {
		d.err = err
		return d
	}
	defer end()
	sender := s.sender()
	utf8 := slices.ContainsFunc(append([]string{sender}, to...), func(address string) bool { return !ascii(address) })
	if d.err = client.Mail(sender, &smtp.MailOptions{Size: int64(len(content)), UTF8: utf8}); d.err != nil {
		return d
	}
	var taken []string
	for _, address := range to {
		switch err := client.Rcpt(address, nil); {
		case err == nil:
			taken = append(taken, address)
		case permanent(err):
			d.replies[address] = reply{refused, err.Error()}
		case !isReply(err):
			d.err = err
			return d
		default: // it is tried again, for this one
			d.err = err
		}
	}
	if len(taken) == 0 {
		return d
	}
	if err := handing(); err != nil {
		d.err = err
		return d
	}
	state, words, err := handOver(client, content)
	if err != nil {
		d.err, d.unsure = err, state == unknown
	}
	if state != pending {
		for _, address := range taken {
			d.replies[address] = reply{state, words}
		}
	}
	return d
}

// handOver sends the mail itself, and says what is known of its recipients then.
func handOver(client *smtp.Client, content []byte) (state, words string, err error) {
	data, err := client.Data()
	if err == nil {
		_, err = data.Write(content)
	}
	if err != nil { // the dot that ends the mail was not sent: what came before it counts for nothing
		return undecided(err), err.Error(), err
	}
	answer, err := data.CloseWithResponse()
	switch {
	case err == nil:
		return accepted, answer.StatusText, nil
	case isReply(err):
		return undecided(err), err.Error(), err
	}
	return unknown, err.Error(), fmt.Errorf("the connection broke off before the server said whether it has taken the mail: %w", err)
}

// undecided is the state of recipients whose mail was not taken.
func undecided(err error) string {
	if permanent(err) {
		return refused
	}
	return pending
}

// isReply says whether the server has answered, rather than that the connection failed.
func isReply(err error) bool {
	var said *smtp.SMTPError
	return errors.As(err, &said)
}

// permanent says whether the server will never take it (RFC 5321, 4.2.1).
func permanent(err error) bool {
	var said *smtp.SMTPError
	return errors.As(err, &said) && said.Code >= 500
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
