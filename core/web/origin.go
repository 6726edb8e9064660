package web

import (
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/openxrm/xrm/core/identity"
)

// sandboxed is the origin of a page that a sandbox has given one of its own.
const sandboxed = "null"

// pluginAt is whose pages a host name is for, where plugins have one each: NAME.HOST.
func (s *Site) pluginAt(host string) (plugin string, is bool) {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	if s.PagesHost == "" {
		return "", false
	}
	return strings.CutSuffix(strings.ToLower(name), "."+s.PagesHost)
}

// hostOf is where the pages of a plugin are, for a browser that asks the core: with the
// port that it has asked at.
func (s *Site) hostOf(plugin string, r *http.Request) string {
	if s.PagesHost == "" {
		return r.Host
	}
	host := plugin + "." + s.PagesHost
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		host = net.JoinHostPort(host, port)
	}
	return host
}

// apart serves files of pages, and nothing else, at the host name of a plugin.
func (s *Site) apart(next http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /pages/{plugin}/{page}/{digest}/{file...}", s.servePageFile)
	mux.HandleFunc("GET /pages/xrm.js", script(pageScript))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, is := s.pluginAt(r.Host); is {
			mux.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isPage says whether an origin is one that pages of plugins have.
func (s *Site) isPage(origin string) bool {
	if s.PagesHost == "" {
		return origin == sandboxed
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	_, is := s.pluginAt(u.Host)
	return is
}

// serveAPI answers the API, also to pages of plugins, which come from another origin and
// have a token. No other page of another origin gets to read an answer.
func (s *Site) serveAPI(w http.ResponseWriter, r *http.Request) {
	if origin := r.Header.Get("Origin"); s.isPage(origin) {
		header := w.Header()
		header.Add("Vary", "Origin")
		asks := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
		if asks || identity.CarriesPageToken(r.Header.Get("Authorization")) {
			header.Set("Access-Control-Allow-Origin", origin)
		}
		if asks {
			header.Set("Access-Control-Allow-Methods", "POST")
			header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			header.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
			return
		}
	}
	s.graphql.ServeHTTP(w, r)
}
