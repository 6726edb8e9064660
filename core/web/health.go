package web

import (
	"encoding/json"
	"errors"
	"net/http"

	"github.com/openxrm/xrm/core"
)

// serveHealth says that the process is alive, whatever else is down.
func serveHealth(w http.ResponseWriter, _ *http.Request) {
	answerState(w, http.StatusOK, "alive")
}

// serveReadiness says whether the server can do its work, and what of it it cannot.
func (s *Site) serveReadiness(w http.ResponseWriter, r *http.Request) {
	if err := s.Ready(r.Context()); err != nil {
		s.Log.Debug("not ready", "error", err)
		var reasons []string
		if shown := (*core.Error)(nil); errors.As(err, &shown) { // anybody may ask
			reasons = []string{shown.Message}
		}
		answerState(w, http.StatusServiceUnavailable, "not ready", reasons...)
		return
	}
	answerState(w, http.StatusOK, "ready", s.Lacking()...)
}

func answerState(w http.ResponseWriter, status int, state string, reasons ...string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(struct {
		Status  string   `json:"status"`
		Reasons []string `json:"reasons,omitempty"`
	}{state, reasons})
}
