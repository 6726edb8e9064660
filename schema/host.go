package schema

import (
	"net/netip"
	"regexp"
	"strings"

	"golang.org/x/net/idna"
)

// hosts reads the names of hosts as browsers do: UTS #46, not transitional (ß stays
// ß), with the rules for joiners and writing directions. Like them it takes
// underscores and hyphens anywhere, since such hosts exist.
var hosts = idna.New(idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.StrictDomainName(false), idna.CheckHyphens(false), idna.CheckJoiners(true), idna.VerifyDNSLength(true))

// hostName returns the one form of the name of a host: lower case and, where it is
// international, as people write it and not in Punycode. It returns false for what
// is none.
func hostName(s string) (string, bool) {
	if address, err := netip.ParseAddr(s); err == nil {
		return strings.ToLower(s), address.Zone() == ""
	}
	ascii, err := hosts.ToASCII(s)
	ascii = strings.TrimSuffix(ascii, ".")
	if err != nil || strings.HasSuffix(ascii, ".") || strings.ContainsAny(ascii, " \t\n\"#%/<>?@[\\]^`{|}") {
		return "", false
	}
	written, err := hosts.ToUnicode(ascii)
	if again, wrong := hosts.ToASCII(written); err != nil || wrong != nil || again != ascii {
		return ascii, true
	}
	if form, wrong := normal(written); wrong != nil || form != written {
		return ascii, true // it holds what nobody sees, or others take for a point or a space
	}
	return written, true
}

// encodedLabel is a part of the name of a host in Punycode.
var encodedLabel = regexp.MustCompile(`\bxn--[a-z0-9-]+`)

// decodedHosts decodes what is in Punycode in a part of an address, to be compared
// with addresses.
func decodedHosts(part string) string {
	return encodedLabel.ReplaceAllStringFunc(part, func(label string) string {
		if written, ok := hostName(label); ok {
			return written
		}
		return label
	})
}
