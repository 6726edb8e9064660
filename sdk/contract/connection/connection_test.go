package connection_test

import (
	"net/url"
	"testing"

	"github.com/openxrm/xrm/sdk/contract/connection"
)

func TestAnAddressHasOneForm(t *testing.T) {
	for text, want := range map[string]string{
		"api.example.com:443":   "api.example.com:443",
		"API.Example.com.:443":  "api.example.com:443",
		"müller.example:443":    "xn--mller-kva.example:443",
		"*.Example.com:443":     "*.example.com:443",
		"*:443":                 "*:443",
		"10.0.0.1:5038":         "10.0.0.1:5038",
		"[::FFFF:10.0.0.1]:80":  "10.0.0.1:80",
		"[2001:DB8::0001]:5038": "[2001:db8::1]:5038",
		"site":                  "site",
		"api.example.com":       `"api.example.com" where an address such as api.example.com:443, "*.example.com:443" or "*:443" is expected, or site, where the site's settings say it`,
		"api.example.com:0":     `"api.example.com:0" has the port "0"; it is one from 1 to 65535`,
		"api.example.com:https": `"api.example.com:https" has the port "https"; it is one from 1 to 65535`,
		"*.10.0.0.1:80":         `"*.10.0.0.1:80" has the host "*.10.0.0.1" where an address such as api.example.com:443, "*.example.com:443" or "*:443" is expected`,
		"a*.example.com:80":     `"a*.example.com:80" has the host "a*.example.com" where an address such as api.example.com:443, "*.example.com:443" or "*:443" is expected`,
		"https://example.com":   `"https://example.com" has the port "//example.com"; it is one from 1 to 65535`,
		":80":                   `":80" has the host "" where an address such as api.example.com:443, "*.example.com:443" or "*:443" is expected`,
	} {
		address, err := connection.Parse(text)
		got := address.String()
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: %s\nwant %s", text, got, want)
		}
	}
}

func TestOnlyWhatSomebodyHasNamedMayBePrivate(t *testing.T) {
	parse := func(text string) connection.Address {
		address, err := connection.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return address
	}
	a := connection.Allowed{
		Plugin:  "p",
		Granted: map[string]connection.Address{"api": parse("api.example.com:443"), "below": parse("*.example.org:443"), "ip": parse("10.0.0.1:80"), "own": connection.Site, "moved": parse("cloud.example.com:443")},
		Site:    map[string]connection.Address{"own": parse("*.lan:8080"), "moved": parse("cloud.lan:443")},
	}
	for text, want := range map[string]string{
		"https://api.example.com/":              "public",
		"https://API.EXAMPLE.COM.:443/":         "public",
		"http://api.example.com/":               "refused", // another port
		"https://api.example.com.evil/":         "refused",
		"https://x.y.example.org/":              "public",
		"https://example.org/":                  "refused",
		"https://badexample.org/":               "refused",
		"http://10.0.0.1/":                      "any",
		"http://10.0.0.1:8080/":                 "refused",
		"http://pbx.lan:8080/":                  "any",
		"https://cloud.lan/":                    "any",
		"https://cloud.example.com/":            "refused", // the site has another instead
		"https://api.example.com@evil.example/": "refused",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got := "any"
		to, err := a.To(u)
		if err != nil {
			got = "refused"
		} else if to.Public {
			got = "public"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("*.example.com:443")
	f.Add("[::1]:80")
	f.Fuzz(func(t *testing.T, text string) {
		address, err := connection.Parse(text)
		if err != nil {
			return
		}
		again, err := connection.Parse(address.String())
		if err != nil || again != address {
			t.Errorf("%q is %s, and that is %s, %v", text, address, again, err)
		}
	})
}
