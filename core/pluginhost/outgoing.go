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
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/sdk/contract/connection"
	"github.com/openxrm/xrm/sdk/pluginpb"
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
	public, any ways
}

// ways lead to public addresses only, or to any.
type ways struct {
	*net.Dialer
	http *http.Transport
}

// newOutgoing goes by IANA's registries of special-purpose addresses, RFC 6890, for what
// is public.
func newOutgoing() *outgoing {
	return &outgoing{public: by(&net.Dialer{Timeout: connectTimeout, Control: ssrf.New(ssrf.WithAnyPort()).Safe}), any: by(&net.Dialer{Timeout: connectTimeout})}
}

// by has no proxy: that would be who looks up the names.
func by(d *net.Dialer) ways {
	return ways{d, &http.Transport{
		DialContext: d.DialContext, TLSHandshakeTimeout: connectTimeout, ForceAttemptHTTP2: true,
		MaxIdleConns: maxOutgoing, MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 1 << 20,
		DisableCompression: true, // bytes pass as they are
	}}
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

// outside does something outside of xrm as part of a call, and to what is allowed there.
// It takes no turn from those who read records: it may have to wait for somebody else's
// server.
func (c *callbacks) outside(ctx context.Context, id *pluginpb.CallContext, do func(context.Context, *trip) error) *pluginpb.Error {
	return c.during(ctx, id, func(ctx context.Context, one *call) error {
		leave, err := c.outgoing.enter(ctx, c.plugin)
		if err != nil {
			return err
		}
		defer leave()
		if err := budget.From(ctx).Take(2 * pluginpb.MaxPart); err != nil {
			return err
		}
		terms := c.host.Terms(c.plugin)
		allowed := connection.Allowed{Plugin: c.plugin, Granted: terms.Needs.Connections, Site: terms.Connections}
		return do(ctx, &trip{callbacks: c, call: one, allowed: allowed})
	})
}

// trip is one request or connection.
type trip struct {
	*callbacks
	call    *call
	allowed connection.Allowed
	to      connection.Target
}

// ways are those that lead to the target.
func (t *trip) ways() ways {
	if t.to.Public {
		return t.outgoing.public
	}
	return t.outgoing.any
}

// unreached is what a plugin gets to know of an address that could not be reached:
// why, but not where a name leads to. The log has that.
func (t *trip) unreached(ctx context.Context, err error) error {
	if t.admits() {
		t.host.config.Log.Warn("plugin could not connect", "plugin", t.plugin, "call", t.call.id, "in", t.call.method, "to", t.to.Address, "error", err)
	}
	if errors.Is(err, ssrf.ErrProhibitedIP) {
		return t.allowed.NotPublic(t.to)
	}
	return &core.Error{Code: core.Unavailable, Message: fmt.Sprintf("%s cannot be reached: %s.", t.to.Address, whyUnreached(ctx, err)), Cause: err}
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
