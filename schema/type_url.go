package schema

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

type urlType struct{ plain }

func (urlType) Name() string { return "url" }
func (urlType) Doc() string {
	return "A web address with http or https; without a scheme it is https. The host is kept in lower case and without Punycode."
}

// anyScheme is the beginning of an address that says how it is reached. A port
// after the name of a host looks alike.
var (
	anyScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)
	hostPort  = regexp.MustCompile(`^[^:/?#]*\.[^:/?#]*:[0-9]+([/?#]|$)`)
)

func (urlType) Parse(_ *Field, raw any, _ Scope) (any, error) {
	s, _ := raw.(string)
	s, err := normal(s)
	if err != nil {
		return nil, err
	}
	if address, ok := webAddress(s); ok {
		return address, nil
	}
	if strings.ContainsFunc(s, unicode.IsSpace) {
		return nil, unfit(raw, "must be a web address without spaces such as https://example.org/a%%20b")
	}
	return nil, mustBe("a web address such as https://example.org", raw)
}

// webAddress completes an address and brings its scheme and host into one form. All
// else stays as it is, since a server may tell one spelling from the other.
func webAddress(s string) (string, bool) {
	bare := !anyScheme.MatchString(s) || hostPort.MatchString(s)
	if bare {
		s = "https://" + strings.TrimPrefix(s, "//")
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.ContainsFunc(s, unicode.IsSpace) {
		return "", false
	}
	if bare && (u.User != nil || !strings.Contains(u.Host, ".")) {
		return "", false // an e-mail address, or any word
	}
	_, rest, _ := strings.Cut(s, "://")
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], rest[i:]
	}
	user, port := "", ""
	if i := strings.LastIndex(authority, "@"); i >= 0 {
		user = authority[:i+1]
	}
	if u.Port() != "" {
		port = ":" + u.Port()
	}
	host, ok := hostName(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]" // IPv6
	}
	address := u.Scheme + "://" + user + host + port + path
	return address, ok && len(address) <= 2048
}
