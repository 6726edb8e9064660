package connection

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
)

// Allowed are the connections of one plugin, by name.
type Allowed struct {
	Plugin  string
	Granted map[string]Address // by the approval of its manifest
	Site    map[string]Address // instead of these, by the site's own settings
}

// Target is one address that may be reached.
type Target struct {
	Address string // HOST:PORT
	Public  bool   // only if it is a public address by which the host is reached
}

// Check returns what is wrong with the settings of the site: connections that the
// plugin does not have, and addresses that stand for all hosts.
func (a Allowed) Check() error {
	known := slices.Sorted(maps.Keys(a.Granted))
	for _, name := range slices.Sorted(maps.Keys(a.Site)) {
		address := a.Site[name]
		switch {
		case !slices.Contains(known, name):
			return fmt.Errorf("connections: the plugin %s asks for no connection %q%s", a.Plugin, name, strictyaml.Suggest(name, known))
		case address.host == "*" || address == Site:
			return fmt.Errorf("connections: %s is %q; name a host and its port, such as pbx.example.com:5038", name, address)
		}
	}
	return nil
}

// Named is where the connection of a name leads.
func (a Allowed) Named(name string) (Target, error) {
	granted, asked := a.Granted[name]
	address, bySite := a.Site[name]
	if !bySite {
		address = granted
	}
	switch {
	case !asked:
		return Target{}, a.refuse(fmt.Sprintf("may not open the connection %q", name), name+": HOST:PORT")
	case address == Site:
		return Target{}, &schema.Refusal{Code: "UNAVAILABLE", Message: fmt.Sprintf(
			"The connection %[1]s of the plugin %[2]s has no address. An administrator puts it into %[2]s.yaml: connections: {%[1]s: HOST:PORT}.", name, a.Plugin)}
	case !address.isOne():
		return Target{}, &schema.Refusal{Code: schema.Invalid, Message: fmt.Sprintf(
			"The connection %s of the plugin %s leads to %s, which is no single host. Only HTTP requests can go there.", name, a.Plugin, address)}
	}
	return Target{Address: address.String(), Public: !bySite && !address.isIP()}, nil
}

// Of returns the address of the host that a URL of HTTP names.
func Of(u *url.URL) (Address, error) {
	port := u.Port()
	switch {
	case u.Scheme == "http" && port == "":
		port = "80"
	case u.Scheme == "https" && port == "":
		port = "443"
	}
	host, ok := canonical(u.Hostname())
	if u.Scheme != "http" && u.Scheme != "https" || !ok {
		return Address{}, &schema.Refusal{Code: schema.Invalid, Message: fmt.Sprintf("%q is no address of a request such as https://api.example.com/v1.", u.Redacted())}
	}
	return Address{host: host, port: port}, nil
}

// To is where an HTTP request to a URL goes.
func (a Allowed) To(u *url.URL) (Target, error) {
	wanted, err := Of(u)
	if err != nil {
		return Target{}, err
	}
	covered := false
	for name, granted := range a.Granted {
		address, bySite := a.Site[name]
		if !bySite {
			address = granted
		}
		if !address.fits(wanted.host, wanted.port) {
			continue
		}
		if bySite || address.isIP() { // somebody has said that it is meant
			return Target{Address: wanted.String()}, nil
		}
		covered = true
	}
	if !covered {
		return Target{}, a.refuse("may not connect to "+wanted.String(), "NAME: "+quoted(wanted.String()))
	}
	return Target{Address: wanted.String(), Public: true}, nil
}

func (a Allowed) refuse(what, line string) error {
	return &schema.Refusal{Code: schema.Forbidden, Message: fmt.Sprintf(
		"The plugin %[1]s %[2]s: nobody has approved that. Under needs its plugin.yaml has to have connections: {%[3]s}. Then approve it: xrm plugin approve %[1]s.", a.Plugin, what, line)}
}

// quoted puts what YAML would take for something else into quotes.
func quoted(address string) string {
	if strings.HasPrefix(address, "[") {
		return `"` + address + `"`
	}
	return address
}

// NotPublic refuses an address that only data, a redirect or a name server has
// given, as its host is in a network of one's own.
func (a Allowed) NotPublic(t Target) error {
	return &schema.Refusal{Code: schema.Forbidden, Message: fmt.Sprintf(
		"The plugin %[1]s may not connect to %[2]s: that is no public address. If it is meant, an administrator names it in %[1]s.yaml: connections: {NAME: %[3]s}.", a.Plugin, t.Address, quoted(t.Address))}
}
