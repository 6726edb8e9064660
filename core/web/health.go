package web

import (
	"encoding/json"
	"net/http"
)

// serveHealth says that the process is alive, whatever else is down.
func (s *Site) serveHealth(w http.ResponseWriter, _ *http.Request) {
	answerState(w, http.StatusOK, "alive")
}

// serveReadiness says whether the server can do its work.
func (s *Site) serveReadiness(w http.ResponseWriter, r *http.Request) {
	if err := s.Ready(r.Context()); err != nil {
		s.Log.Debug("not ready", "error", err)
		answerState(w, http.StatusServiceUnavailable, "not ready")
		return
	}
	answerState(w, http.StatusOK, "ready")
}

func answerState(w http.ResponseWriter, status int, state string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": state})
}
