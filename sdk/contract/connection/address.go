package connection

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
	"go.yaml.in/yaml/v3"
	"golang.org/x/net/idna"
)

// Address is where a connection leads: HOST:PORT, *.DOMAIN:PORT for all hosts below
// a domain, *:PORT for all hosts, or Site. Its zero value leads nowhere.
type Address struct {
	host string // in its one form: lower case, ASCII; "*.example.com", "*"
	port string
}

// Site is the address of a connection that the site's own settings have to name.
var Site = Address{host: "site"}

const wanted = `an address such as api.example.com:443, "*.example.com:443" or "*:443"`

// Parse reads an Address as a manifest has it.
func Parse(text string) (Address, error) {
	if text == Site.host {
		return Site, nil
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return Address{}, fmt.Errorf("%q where %s is expected, or %s, where the site's settings say it", text, wanted, Site.host)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return Address{}, fmt.Errorf("%q has the port %q; it is one from 1 to 65535", text, port)
	}
	port = strconv.FormatUint(n, 10)
	name, below := strings.CutPrefix(host, "*.")
	if !below && host == "*" {
		return Address{host: host, port: port}, nil
	}
	name, ok := canonical(name)
	if _, err := netip.ParseAddr(name); !ok || below && err == nil {
		return Address{}, fmt.Errorf("%q has the host %q where %s is expected", text, host, wanted)
	}
	if below {
		name = "*." + name
	}
	return Address{host: name, port: port}, nil
}

// names are host names as one looks them up, UTS #46, of which no part is empty.
var names = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.VerifyDNSLength(true))

// canonical returns the one form of the name or IP address of a host; false for
// what is none.
func canonical(host string) (string, bool) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().String(), ip.Zone() == ""
	}
	name, err := names.ToASCII(strings.TrimSuffix(host, "."))
	if err == nil { // what is no text has a form that stands for nothing
		_, err = names.ToUnicode(name)
	}
	return name, err == nil && name != "" && !strings.HasSuffix(name, ".")
}

// DecodeNode implements strictyaml.NodeDecoder.
func (a *Address) DecodeNode(d *strictyaml.Decoder, node *yaml.Node) {
	found, err := Parse(node.Value)
	if err != nil {
		d.Add(node, "%s", err)
		return
	}
	*a = found
}

// String returns the address as it is written.
func (a Address) String() string {
	if a.port == "" {
		return a.host
	}
	return net.JoinHostPort(a.host, a.port)
}

// isOne says whether the address is that of a single host.
func (a Address) isOne() bool { return a.port != "" && !strings.HasPrefix(a.host, "*") }

// isIP says whether the address is no name.
func (a Address) isIP() bool {
	_, err := netip.ParseAddr(a.host)
	return err == nil
}

// fits says whether the address covers a host, which is canonical.
func (a Address) fits(host, port string) bool {
	domain, below := strings.CutPrefix(a.host, "*")
	return a.port == port && (a.host == host || below && strings.HasSuffix(host, domain))
}
