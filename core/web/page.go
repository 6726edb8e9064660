package web

import (
	"crypto/rand"
	_ "embed" // for the page and its scripts
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/identity"
	"github.com/openxrm/xrm/core/snapshot"
)

//go:embed pages/frame.html
var frameHTML string

//go:embed pages/frame.js
var frameScript string

//go:embed pages/xrm.js
var pageScript string

var framePage = template.Must(template.New("frame").Parse(frameHTML))

type frame struct {
	Nonce, Title, Name, Source, Token string
	Sandboxed                         bool
}

// framePolicy lets a page of the core frame one page of a plugin, wherever that may
// want to go.
const framePolicy = "default-src 'none'; script-src 'nonce-NONCE'; style-src 'nonce-NONCE'; connect-src 'self'; frame-src FRAMED; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// showPage frames a page of a plugin for who is signed in and may see it.
func (s *Site) showPage(w http.ResponseWriter, r *http.Request) {
	visitor, err := s.Sessions.Visitor(r)
	if core.CodeOf(err) == core.Unauthenticated {
		http.Redirect(w, r, "/signin?next="+url.QueryEscape(r.URL.Path), http.StatusSeeOther)
		return
	}
	var page snapshot.Page
	if err == nil {
		page, err = s.Current().Page(visitor, r.PathValue("plugin"), r.PathValue("page"))
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	at, host := pathOf(page), s.hostOf(page.Plugin, r)
	files := at + "/" + page.Digest + "/"
	shown := frame{Nonce: rand.Text(), Title: page.Title, Name: nameOf(visitor), Token: at + "/token", Source: files, Sandboxed: s.PagesHost == ""}
	if !shown.Sandboxed {
		shown.Source = "//" + host + files
	}
	coreHeaders(w.Header(), strings.NewReplacer("NONCE", shown.Nonce, "FRAMED", source(host, files)).Replace(framePolicy))
	_ = framePage.Execute(w, shown) // a browser that is gone cannot be told anything
}

func pathOf(p snapshot.Page) string { return "/pages/" + p.Plugin + "/" + p.Name }

// source names addresses of this server in a policy, as exactly as it can: a host that
// is no name has no form there.
func source(host, path string) string {
	if strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:") != "" {
		return "'self'"
	}
	return host + path
}

// servePageToken gives the page that frames one of a plugin a token for it.
func (s *Site) servePageToken(w http.ResponseWriter, r *http.Request) {
	visitor, err := s.Sessions.Identify(r)
	var page snapshot.Page
	if err == nil {
		page, err = s.Current().Page(visitor, r.PathValue("plugin"), r.PathValue("page"))
	}
	var token string
	if err == nil {
		token, err = s.Sessions.PageToken(r, page.Plugin)
	}
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(map[string]any{"token": token, "seconds": int(identity.PageTokenLife.Seconds())})
}

// pagePolicy lets a page of a plugin use its own files and the API, and nothing else.
// Only a page of the core may frame it.
const pagePolicy = "default-src 'none'; script-src FILES SCRIPT; style-src FILES; img-src FILES data:; font-src FILES; media-src FILES; connect-src API FILES; " +
	"form-action 'none'; base-uri 'none'; frame-ancestors CORE"

// sandbox makes an origin of its own of each page, which has nothing to do with that of
// the API whose address it is at.
const sandbox = "; sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"

// servePageFile hands out a file of a page. A browser asks for it without a session, as
// it does for a stranger. So who asks has to know the digest of all the files: that is
// told to those who may see the page.
func (s *Site) servePageFile(w http.ResponseWriter, r *http.Request) {
	now := s.Current()
	file := r.PathValue("file")
	if file == "" {
		file = "index.html"
	}
	at, apart := s.pluginAt(r.Host)
	page, known := now.Files(r.PathValue("plugin"), r.PathValue("page"), r.PathValue("digest"))
	if apart != (s.PagesHost != "") || apart && at != page.Plugin { // never another's, and none that is not a stranger
		known = false
	}
	if !known || !fs.ValidPath(file) || strings.Contains(file, `\`) {
		s.refuse(w, r, &core.Error{Code: core.NotFound, Message: "There is no such file."})
		return
	}
	policy, by := pagePolicy+sandbox, "'self'"
	api := r.Host
	if s.PagesHost != "" {
		api = strings.TrimPrefix(r.Host, page.Plugin+".")
		policy, by = pagePolicy, source(api, "")
	}
	files, script := source(r.Host, pathOf(page)+"/"+page.Digest+"/"), source(r.Host, "/pages/xrm.js")
	header := http.Header{}
	header.Set("Content-Security-Policy", strings.NewReplacer("FILES", files, "SCRIPT", script, "API", source(api, "/graphql"), "CORE", by).Replace(policy))
	header.Set("ETag", fmt.Sprintf("%q", page.Digest))
	header.Set("Cache-Control", "no-cache")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Access-Control-Allow-Origin", "*") // for modules and fonts: who knows the address may have the file
	if r.Header.Get("If-None-Match") == header.Get("ETag") {
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(http.StatusNotModified)
		return
	}
	if err := s.Plugins.ServeFile(now, page, file, header, w, r); err != nil {
		s.refuse(w, r, err)
	}
}

func script(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("Access-Control-Allow-Origin", "*")
		_, _ = w.Write([]byte(text))
	}
}
