package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/identity"
)

// MaxPluginBody is how many bytes a request to a plugin may have: a fax or a
// recording, not only a webhook.
const MaxPluginBody = 64 << 20

// servePlugin hands requests below /plugins/NAME to the plugin. Nobody has to
// have a key: a webhook proves by itself who sends it. A key or a session that is
// sent nevertheless stays here, since it lets its holder do more than any plugin may.
func (s *Site) servePlugin(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if slices.ContainsFunc(r.Header.Values("Authorization"), identity.CarriesKey) {
		r.Header.Del("Authorization")
	}
	withoutSession(r.Header)
	http.StripPrefix("/plugins/"+name, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, MaxPluginBody)
		if err := s.Plugins.ServeHTTP(s.Current(), name, w, r); err != nil {
			s.refuse(w, r, err)
		}
	})).ServeHTTP(w, r)
}

// withoutSession takes the session out of the cookies, and leaves the others as they are.
func withoutSession(header http.Header) {
	var kept []string
	for _, line := range header.Values("Cookie") {
		cookies := slices.DeleteFunc(strings.Split(line, ";"), core.NamesSession)
		if line = strings.TrimSpace(strings.Join(cookies, ";")); line != "" {
			kept = append(kept, line)
		}
	}
	header["Cookie"] = kept
	if kept == nil {
		header.Del("Cookie")
	}
}

var httpStatus = map[core.Code]int{
	core.Invalid: http.StatusBadRequest, core.NotFound: http.StatusNotFound, core.Forbidden: http.StatusForbidden, core.Conflict: http.StatusConflict,
	core.Unavailable: http.StatusServiceUnavailable, core.RateLimited: http.StatusTooManyRequests, core.Unauthenticated: http.StatusUnauthorized,
}

// refuse tells the client what it may know, and the log the rest.
func (s *Site) refuse(w http.ResponseWriter, r *http.Request, err error) {
	var ours *core.Error
	status := http.StatusInternalServerError
	message := "Something went wrong on our side; the details are in the server's log under " + RequestID(r.Context()) + "."
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
		s.Log.WarnContext(r.Context(), "a request failed", "request", RequestID(r.Context()), "path", r.URL.Path, "error", err)
	}
	message, _ = s.say(r.Context(), message, nil)
	http.Error(w, message, status)
}
