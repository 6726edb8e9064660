package schema

import (
	"net/url"
	"strings"
)

type urlType struct{ plain }

func (urlType) Name() string { return "url" }
func (urlType) Doc() string  { return "A web address with http or https." }

func (urlType) Parse(_ *Field, raw any, _ Scope) (any, error) {
	s, _ := raw.(string)
	s = strings.TrimSpace(s)
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || len(s) > 2048 {
		return nil, mustBe("a web address such as https://example.org", raw)
	}
	return s, nil
}
