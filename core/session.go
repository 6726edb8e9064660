package core

import "strings"

// SessionOwner is under whose name a store keeps the sessions of browsers, beside the
// state of plugins. It is no name that a plugin can have, and no backup holds what is
// kept there: it lets somebody in.
const SessionOwner = OwnPrefix + "session"

// SessionCookie is what the cookie of a session is called.
const SessionCookie = "xrm-session"

// NamesSession says whether a cookie, as it stands in a header, is that of a session or
// looks like it: a browser sends "=xrm-session=1" on as one. Plugins neither get nor set
// it.
func NamesSession(cookie string) bool {
	pair, _, _ := strings.Cut(cookie, ";")
	return strings.Contains(strings.ToLower(pair), SessionCookie)
}
