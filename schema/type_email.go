package schema

import (
	"net/mail"
	"strings"
)

type emailType struct{ plain }

func (emailType) Name() string { return "email" }
func (emailType) Doc() string {
	return "An e-mail address, kept in lower case, so that addresses compare without case."
}

func (emailType) Parse(_ *Field, raw any, _ Scope) (any, error) {
	s, _ := raw.(string)
	s = strings.ToLower(strings.TrimSpace(s))
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || !strings.Contains(s[strings.LastIndex(s, "@"):], ".") {
		return nil, mustBe("an e-mail address such as maria@example.org", raw)
	}
	return s, nil
}
