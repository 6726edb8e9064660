package pluginhost

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"
	"time"

	"code.dny.dev/ssrf"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/sdk/contract/connection"
)

// How much one process of a plugin may have outside of the host at a time, and how
// long it takes at most until it has it.
const (
	maxOutgoing    = 32 // requests and connections together
	connectTimeout = 10 * time.Second
)

// outgoing reaches for one process of a plugin what lies outside of xrm. It looks at
// an address when it is connected to: what a name server says may be something else
// by then.
type outgoing struct {
	open        gate
	public, any *http.Transport
}

func newOutgoing() *outgoing {
	return &outgoing{public: transport(dialer(true)), any: transport(dialer(false))}
}

// dialer connects to public addresses only, or to any. Which addresses are public is
// in IANA's registries of special-purpose addresses, RFC 6890.
func dialer(public bool) *net.Dialer {
	d := &net.Dialer{Timeout: connectTimeout}
	if public {
		d.Control = ssrf.New(ssrf.WithAnyPort()).Safe
	}
	return d
}

// transport has no proxy: that would be who looks up the names.
func transport(d *net.Dialer) *http.Transport {
	return &http.Transport{
		DialContext: d.DialContext, TLSHandshakeTimeout: connectTimeout, ForceAttemptHTTP2: true,
		MaxIdleConns: maxOutgoing, MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 1 << 20,
		DisableCompression: true, // bytes pass as they are
	}
}

// enter returns when something may be open; unless there is an error, leave must
// follow.
func (o *outgoing) enter(ctx context.Context, plugin string) (leave func(), err error) {
	err = o.open.enter(ctx, maxOutgoing, 0, 0)
	if errors.Is(err, errBusy) {
		err = &core.Error{Code: core.RateLimited, Message: fmt.Sprintf(
			"The plugin %s has %d requests and connections open, which is the most; close some, or try again in a second.", plugin, maxOutgoing)}
	}
	return o.open.leave, err
}

// send sends a request. The body of the answer has to be closed.
func (o *outgoing) send(r *http.Request, to connection.Target) (*http.Response, error) {
	if to.Public {
		return o.public.RoundTrip(r)
	}
	return o.any.RoundTrip(r)
}

// unreached is what a plugin gets to know of an address that could not be reached:
// why, but not where a name leads to. The log has that.
func (c *callbacks) unreached(ctx context.Context, one *call, allowed connection.Allowed, to connection.Target, err error) error {
	if c.admits() {
		c.host.config.Log.Warn("plugin could not connect", "plugin", c.plugin, "call", one.id, "in", one.method, "to", to.Address, "error", err)
	}
	if errors.Is(err, ssrf.ErrProhibitedIP) {
		return allowed.NotPublic(to)
	}
	return &core.Error{Code: core.Unavailable, Message: fmt.Sprintf("%s cannot be reached: %s.", to.Address, whyUnreached(ctx, err)), Cause: err}
}

func whyUnreached(ctx context.Context, err error) string {
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var network net.Error
	switch {
	case ctx.Err() != nil:
		return "the call had no more time"
	case errors.As(err, &name) && name.IsNotFound:
		return "there is no such host"
	case errors.As(err, &name):
		return "its name could not be looked up"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing answers at this port"
	case errors.As(err, &certificate):
		return "its certificate is not valid: " + certificate.Err.Error()
	case errors.As(err, &network) && network.Timeout():
		return "it did not answer in time"
	}
	return "the connection failed"
}
