package web

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/file"
)

// serveFile hands out a file of a record to who may read the field that it is in.
func (s *Site) serveFile(w http.ResponseWriter, r *http.Request) {
	actor, err := s.Authenticator.Identify(r)
	var f core.File
	if err == nil {
		session := s.Files.Records.As(actor, s.Current().Basis)
		f, err = s.Files.Find(r.Context(), session, r.PathValue("entity"), r.PathValue("record"), r.PathValue("file"))
	}
	content := s.Files.Open(r.Context(), f)
	defer func() { _ = content.Close() }() // what was read is read
	if err == nil {
		err = content.Check()
	}
	if err != nil {
		s.refuseFile(w, r, err)
		return
	}
	header := w.Header()
	header.Set("Content-Type", f.MediaType)
	header.Set("Content-Disposition", disposition(f.Name))
	header.Set("ETag", `"`+f.SHA256+`"`)
	header.Set("Cache-Control", "private, no-cache") // whoever has a copy still has to be allowed to see it
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	http.ServeContent(&steady{ResponseWriter: w, extend: http.NewResponseController(w).SetWriteDeadline}, r, "", time.Time{}, content)
	if err := content.Err(); err != nil && r.Context().Err() == nil { // the connection ends before the file does
		s.Log.ErrorContext(r.Context(), "a file was not sent to its end", "request", RequestID(r.Context()), "path", r.URL.Path, "error", err)
	}
}

// steady writes an answer for as long as whoever reads it does not stand still.
type steady struct {
	http.ResponseWriter
	extend func(time.Time) error
}

func (s *steady) Write(p []byte) (int, error) {
	_ = s.extend(time.Now().Add(FileStall)) // what has no deadline ends with its connection
	return s.ResponseWriter.Write(p)
}

// disposition lets a browser save a file and not show it.
func disposition(name string) string {
	if header := mime.FormatMediaType("attachment", map[string]string{"filename": name}); header != "" {
		return header
	}
	return "attachment"
}

// refuseFile answers as the API does.
func (s *Site) refuseFile(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusInternalServerError
	message := "Something went wrong on our side; the details are in the server's log under " + RequestID(r.Context()) + "."
	extensions := map[string]any{"code": string(core.Internal), "requestId": RequestID(r.Context())}
	var ours *core.Error
	if errors.As(err, &ours) {
		message, extensions = ours.GraphQLError()
		if known := httpStatus[ours.Code]; known != 0 {
			status = known
		}
	}
	message, extensions = s.say(r.Context(), message, extensions)
	if large := (file.TooLarge{}); errors.As(err, &large) {
		status = http.StatusRequestEntityTooLarge
		w.Header().Set("Connection", "close") // nobody reads the rest
	}
	if status == http.StatusServiceUnavailable || status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "5")
	}
	if status >= http.StatusInternalServerError {
		s.Log.WarnContext(r.Context(), "a request for a file failed", "request", RequestID(r.Context()), "path", r.URL.Path, "error", err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"errors": []any{map[string]any{"message": message, "extensions": extensions}}})
}
