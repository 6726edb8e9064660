package schema

import (
	"net/mail"
	"strings"
)

type emailType struct{ plain }

func (emailType) Name() string { return "email" }
func (emailType) Doc() string {
	return "An e-mail address, kept in lower case and without Punycode, so that addresses compare without either."
}

func (emailType) Parse(_ *Field, raw any, _ Scope) (any, error) {
	s, _ := raw.(string)
	s, err := normal(s)
	if err != nil {
		return nil, err
	}
	s = lower(s)
	at := strings.LastIndex(s, "@")
	if domain := s[at+1:]; at > 0 && !strings.HasPrefix(domain, "[") {
		name, ok := hostName(domain)
		if !ok {
			return nil, mustBe("an e-mail address such as maria@example.org", raw)
		}
		s = s[:at+1] + name
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || len(s) > 254 || !strings.Contains(s[strings.LastIndex(s, "@"):], ".") {
		return nil, mustBe("an e-mail address such as maria@example.org", raw)
	}
	return s, nil
}

// lower is the lower case of a normal text, which is normal too.
func lower(s string) string {
	s, _ = normal(strings.ToLower(s))
	return s
}
