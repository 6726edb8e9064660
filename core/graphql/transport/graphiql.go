package transport

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	_ "embed" // for the files of the page
	"encoding/hex"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

//go:embed graphiql/index.html
var page string

//go:embed graphiql/dist/script.js.gz
var script []byte

//go:embed graphiql/dist/style.css.gz
var style []byte

// policy lets the page use what comes from this server, and nothing else. The
// nonce is for the style elements that GraphiQL's dialogs make.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-NONCE'; " +
	"img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// serveGraphiQL answers a browser that opens the address: the page, and what
// the page asks for by ?graphiql=NAME, so that one route is enough. It says
// whether it has answered.
func serveGraphiQL(w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	name := r.URL.Query().Get("graphiql")
	switch {
	case name != "":
		serveAsset(w, r, name)
	case prefersHTML(r.Header.Values("Accept")):
		servePage(w)
	default:
		return false
	}
	return true
}

func servePage(w http.ResponseWriter) {
	nonce := rand.Text()
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", strings.ReplaceAll(policy, "NONCE", nonce))
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept")
	// A browser that is gone cannot be told anything.
	_, _ = io.WriteString(w, strings.ReplaceAll(page, "NONCE", nonce))
}

func serveAsset(w http.ResponseWriter, r *http.Request, name string) {
	for _, asset := range assets() {
		if asset.name == name {
			asset.serve(w, r)
			return
		}
	}
	http.NotFound(w, r)
}

type asset struct {
	name, contentType, etag string
	packed                  []byte // gzip
}

var assets = sync.OnceValue(func() []asset {
	return []asset{
		newAsset("script.js", "text/javascript; charset=utf-8", script),
		newAsset("style.css", "text/css; charset=utf-8", style),
	}
})

func newAsset(name, contentType string, packed []byte) asset {
	sum := sha256.Sum256(packed)
	return asset{name, contentType, `"` + hex.EncodeToString(sum[:8]) + `"`, packed}
}

func (a asset) serve(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", a.contentType)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-cache") // ask each time; the ETag answers
	header.Set("Vary", "Accept-Encoding")
	header.Set("ETag", a.etag)
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.packed))
		return
	}
	zip, err := gzip.NewReader(bytes.NewReader(a.packed))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	plain, err := io.ReadAll(zip)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(plain))
}
