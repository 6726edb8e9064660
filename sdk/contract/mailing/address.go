package mailing

import (
	"fmt"
	"net/mail"

	"github.com/openxrm/xrm/schema"
)

// Recipient is somebody who gets a mail.
type Recipient struct {
	Kind    string // to, cc or bcc
	Address string
	Name    string // "" for none
}

// Recipients reads addresses as RFC 5322 has them, "ada@example.org" or "Ada <ada@example.org>".
// The refusal says of each that is none where it stands, such as to.0.
func Recipients(to, cc, bcc []string) (all []Recipient, err error) {
	var violations schema.Violations
	for _, list := range []struct {
		kind      string
		addresses []string
	}{{"to", to}, {"cc", cc}, {"bcc", bcc}} {
		for i, text := range list.addresses {
			a, err := mail.ParseAddress(text)
			if err != nil {
				violations = append(violations, schema.Violation{
					Field: fmt.Sprintf("%s.%d", list.kind, i), Rule: "type", Message: fmt.Sprintf("%q is no mail address; write ada@example.org, or Ada <ada@example.org>", text),
				})
				continue
			}
			all = append(all, Recipient{Kind: list.kind, Address: a.Address, Name: a.Name})
		}
	}
	if len(violations) > 0 {
		return nil, &schema.Refusal{Code: schema.Invalid, Message: "The mail was not sent.", Violations: violations}
	}
	return all, nil
}

// Stored are recipients as a record of the entity mail has them.
func Stored(all []Recipient) []any {
	list := make([]any, len(all))
	for i, r := range all {
		values := map[string]any{"address": r.Address, "kind": r.Kind}
		if r.Name != "" {
			values["name"] = r.Name
		}
		list[i] = values
	}
	return list
}
