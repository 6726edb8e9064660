package identity

import (
	"net/http"

	"github.com/openxrm/xrm/core"
)

// safeCookie is what the cookie is called where the connection is safe: nobody but this
// very host can have set it, and no other is read.
const safeCookie = "__Host-" + core.SessionCookie

// SignIn begins a session by a key and gives its cookie to the browser. A session
// that the browser has brought ends: nobody goes on in one that somebody else may
// know.
func (ss *Sessions) SignIn(w http.ResponseWriter, r *http.Request, key string) error {
	secret, err := ss.Begin(r.Context(), key)
	if err != nil {
		return err
	}
	if err := ss.end(r); err != nil {
		return err
	}
	cookie := cookieFor(r)
	cookie.Value, cookie.MaxAge = secret, int(SessionLife.Seconds())
	http.SetCookie(w, cookie)
	return nil
}

// SignOut ends the session of a browser, and takes its cookie away.
func (ss *Sessions) SignOut(w http.ResponseWriter, r *http.Request) error {
	if err := ss.end(r); err != nil {
		return err
	}
	cookie := cookieFor(r)
	cookie.MaxAge = -1
	http.SetCookie(w, cookie)
	return nil
}

func (ss *Sessions) end(r *http.Request) error {
	if secret := secretIn(r); secret != "" {
		return ss.End(r.Context(), secret)
	}
	return nil
}

// Visitor returns whose session a browser has, for a page that changes nothing: also
// who follows a link from elsewhere has it. Without one it is Unauthenticated.
func (ss *Sessions) Visitor(r *http.Request) (core.Actor, error) {
	secret := secretIn(r)
	if secret == "" {
		return core.Actor{}, unauthenticated("You are not signed in. Sign in at /signin.")
	}
	return ss.Actor(r.Context(), secret)
}

// Identify returns whose session a request has that a page of this very origin makes.
// One that a page from elsewhere makes is Forbidden, be it a neighbor below the same
// host name: the browser adds the cookie, whoever asks.
func (ss *Sessions) Identify(r *http.Request) (core.Actor, error) {
	if err := FromHere(r); err != nil {
		return core.Actor{}, err
	}
	return ss.Visitor(r)
}

var origins = http.NewCrossOriginProtection()

// FromHere is Forbidden for a request that a browser makes for a page of another
// origin, whatever its method: by GET, too, a WebSocket begins.
func FromHere(r *http.Request) error {
	strict := &http.Request{Method: http.MethodPost, URL: r.URL, Host: r.Host, Header: r.Header}
	if err := origins.Check(strict); err != nil {
		return &core.Error{
			Code: core.Forbidden, Cause: err,
			Message: "The browser says that this comes from a page of another origin; a session is for pages of this server alone. If it does come from one, the proxy must pass the header Host on as it was sent.",
		}
	}
	return nil
}

// cookieFor is the cookie of this connection, without a value.
func cookieFor(r *http.Request) *http.Cookie {
	cookie := &http.Cookie{Name: core.SessionCookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if isSafe(r) {
		cookie.Name, cookie.Secure = safeCookie, true
	}
	return cookie
}

func secretIn(r *http.Request) string {
	if cookie, err := r.Cookie(cookieFor(r).Name); err == nil {
		return cookie.Value
	}
	return ""
}

// isSafe says whether the browser speaks TLS, with us or with the proxy before us.
// Whoever says so itself, and does not, gets a cookie that its browser does not take.
func isSafe(r *http.Request) bool {
	return r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"
}
