package web

import (
	"context"
	"crypto/rand"
	_ "embed" // for the page
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/identity"
	"github.com/openxrm/xrm/core/snapshot"
)

// Sessions let browsers in with a key. Their errors are as those of Authenticator.
type Sessions interface {
	// Visitor is whose session a browser has, whichever page has led it here.
	Visitor(r *http.Request) (core.Actor, error)
	// Identify is whose session a request has that a page of this origin makes.
	Identify(r *http.Request) (core.Actor, error)
	// PageToken gives the page of a plugin a token for the session of a request, and Page
	// says for whom the one works that a header carries.
	PageToken(r *http.Request, plugin string) (string, error)
	Page(ctx context.Context, header string) (core.Actor, error)
	SignIn(w http.ResponseWriter, r *http.Request, key string) error
	SignOut(w http.ResponseWriter, r *http.Request) error
}

//go:embed pages/signin.html
var signinHTML string

var signinPage = template.Must(template.New("signin").Parse(signinHTML))

type signin struct {
	Nonce, Fault, Name, Next string
	Pages                    []snapshot.Page // that who is signed in may see
}

// corePolicy lets a page of the core use its own styles and forms, and nothing else;
// nobody may frame it.
const corePolicy = "default-src 'none'; style-src 'nonce-NONCE'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// maxForm is how many bytes a form of a page of the core may have.
const maxForm = 8 << 10

// showSignin says who is signed in, or asks for the key. It needs no JavaScript.
func (s *Site) showSignin(w http.ResponseWriter, r *http.Request) {
	visitor, err := s.Sessions.Visitor(r)
	if err != nil && core.CodeOf(err) != core.Unauthenticated {
		s.refuse(w, r, err)
		return
	}
	shown := signin{Next: localPath(r.URL.Query().Get("next"))}
	if err == nil {
		shown.Name, shown.Pages = nameOf(visitor), s.Current().Pages(visitor)
	}
	s.signin(w, http.StatusOK, shown)
}

func nameOf(a core.Actor) string {
	if a.Name == "" {
		return a.ID
	}
	return a.Name
}

// takeSignin begins a session. The key is in the body alone, and goes nowhere else.
func (s *Site) takeSignin(w http.ResponseWriter, r *http.Request) {
	if err := identity.FromHere(r); err != nil {
		s.refuse(w, r, err)
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	next := localPath(r.PostFormValue("next"))
	err := s.Sessions.SignIn(w, r, r.PostFormValue("key"))
	var shown *core.Error
	switch {
	case err == nil:
		http.Redirect(w, r, next, http.StatusSeeOther)
	case core.CodeOf(err) == core.Unauthenticated && errors.As(err, &shown):
		s.Log.InfoContext(r.Context(), "a sign-in was refused", "request", RequestID(r.Context()), "remote", r.RemoteAddr)
		s.signin(w, http.StatusUnauthorized, signin{Fault: shown.Message, Next: next})
	default:
		s.refuse(w, r, err)
	}
}

func (s *Site) takeSignout(w http.ResponseWriter, r *http.Request) {
	err := identity.FromHere(r)
	if err == nil {
		err = s.Sessions.SignOut(w, r)
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	http.Redirect(w, r, "/signin", http.StatusSeeOther)
}

func (s *Site) signin(w http.ResponseWriter, status int, page signin) {
	page.Nonce = rand.Text()
	coreHeaders(w.Header(), strings.ReplaceAll(corePolicy, "NONCE", page.Nonce))
	w.WriteHeader(status)
	_ = signinPage.Execute(w, page) // a browser that is gone cannot be told anything
}

// coreHeaders are those of a page of the core. The referrer stays within the origin,
// and is told there: without it a browser names no origin with a form either.
func coreHeaders(header http.Header, policy string) {
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", policy)
	header.Set("Referrer-Policy", "same-origin")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
}

// localPath is where to go on, if that is an address of this server, and the page that
// says who is signed in otherwise.
func localPath(next string) string {
	const home = "/signin"
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Opaque != "" || !strings.HasPrefix(next, "/") ||
		strings.HasPrefix(next, "//") || strings.Contains(next, `\`) {
		return home
	}
	return next
}
