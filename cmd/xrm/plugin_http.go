package main

import (
	"errors"
	"net/http"
	"slices"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
)

// maxPluginBody is how large a request to a plugin may be: a fax or a
// recording, not only a webhook.
const maxPluginBody = 64 << 20

// servePlugin hands requests below /plugins/NAME to the plugin. Nobody has to
// have a key: a webhook proves by itself who sends it. A key that is sent
// nevertheless stays here, since it lets its holder do more than any plugin may.
func (s *server) servePlugin(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if slices.ContainsFunc(r.Header.Values("Authorization"), access.CarriesKey) {
		r.Header.Del("Authorization")
	}
	http.StripPrefix("/plugins/"+name, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxPluginBody)
		var err error = &core.Error{Code: core.Unavailable, Message: "The plugins are being started. Try again in a few seconds."}
		if host := s.api.host.Load(); host != nil {
			err = host.ServeHTTP(s.api.catalog.Model(), name, w, r)
		}
		if err != nil {
			s.refuse(w, r, err)
		}
	})).ServeHTTP(w, r)
}

var httpStatus = map[core.Code]int{
	core.Invalid: http.StatusBadRequest, core.NotFound: http.StatusNotFound, core.Forbidden: http.StatusForbidden, core.Conflict: http.StatusConflict,
	core.Unavailable: http.StatusServiceUnavailable, core.RateLimited: http.StatusTooManyRequests, core.Unauthenticated: http.StatusUnauthorized,
}

// refuse tells the client what it may know, and the log the rest.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var ours *core.Error
	status := http.StatusInternalServerError
	message := "Something went wrong on our side; the details are in the server's log under " + requestID(r.Context()) + "."
	if errors.As(err, &ours) {
		message = ours.Message
		if known := httpStatus[ours.Code]; known != 0 {
			status = known
		}
	}
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		status = http.StatusRequestEntityTooLarge
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "5")
	}
	if status != http.StatusNotFound {
		s.log.WarnContext(r.Context(), "a request to a plugin failed", "request", requestID(r.Context()), "path", r.URL.Path, "error", err)
	}
	http.Error(w, message, status)
}
