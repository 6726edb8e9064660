package pluginhost

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/snapshot"
)

// pagesPath is where a plugin is asked for files of its pages.
const pagesPath = "/.pages/"

// ServeFile writes a file of a page of a plugin, with these headers and its content
// type. What the plugin says of it beside its content counts for nothing. Its error is as
// with ServeHTTP.
func (h *Host) ServeFile(s *snapshot.Snapshot, p snapshot.Page, file string, header http.Header, w http.ResponseWriter, r *http.Request) error {
	header = maps.Clone(header)
	header.Set("Content-Type", contentType(file))
	ask := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: pagesPath + p.Name + "/" + file}, Host: r.Host, RemoteAddr: r.RemoteAddr, Header: http.Header{}, Body: http.NoBody,
	}
	return h.serve(s, p.Plugin, &httpAnswer{to: w, file: header}, ask.WithContext(r.Context()))
}

// beginFile writes the head of a file, once it is known that there is one.
func (a *httpAnswer) beginFile(status int) error {
	switch status {
	case http.StatusOK:
	case http.StatusNotFound:
		return &core.Error{Code: core.NotFound, Message: "There is no such file."}
	default:
		return fmt.Errorf("it answered with the status %d where a file of a page was asked for; it may be 200 or 404", status)
	}
	maps.Copy(a.to.Header(), a.file)
	a.begun = true
	a.to.WriteHeader(status)
	return nil
}

// contentTypes are the same on every machine.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".mjs": "text/javascript; charset=utf-8",
	".json": "application/json", ".map": "application/json", ".txt": "text/plain; charset=utf-8", ".wasm": "application/wasm",
	".svg": "image/svg+xml", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif", ".webp": "image/webp", ".ico": "image/x-icon",
	".woff2": "font/woff2", ".woff": "font/woff",
}

func contentType(file string) string {
	if known := contentTypes[path.Ext(file)]; known != "" {
		return known
	}
	return "application/octet-stream"
}
