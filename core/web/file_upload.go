package web

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/file"
)

// FileStall is how long an upload or a download may stand still.
const FileStall = 30 * time.Second

// How many uploads come in at the same time: more are sent again.
const (
	MaxUploads      = 32
	MaxUploadsOfOne = 8 // of one actor
)

// upload is what POST /files answers with.
type upload struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	Size      int64  `json:"size"`
	MediaType string `json:"mediaType"`
	SHA256    string `json:"sha256"`
}

// serveUpload takes a file in, as the body of the request.
func (s *Site) serveUpload(w http.ResponseWriter, r *http.Request) {
	f, err := s.takeUpload(w, r)
	if err != nil {
		s.refuseFile(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(upload(f)) // who is gone sends it again
}

func (s *Site) takeUpload(w http.ResponseWriter, r *http.Request) (f core.File, err error) {
	actor, err := s.Authenticator.Identify(r)
	if err == nil {
		err = file.MayUpload(s.Current().Basis, actor)
	}
	if err != nil {
		return f, err
	}
	said := file.Said{Name: r.URL.Query().Get("name"), Size: r.ContentLength}
	if said.SHA256, err = sentSum(r.Header.Values("Content-Digest")); err != nil {
		return f, err
	}
	if !s.uploads.begin(actor.ID) {
		return f, &core.Error{Code: core.RateLimited, Message: "Nothing was uploaded: many files are coming in already. Send it again in a few seconds.", RetryAfter: 5 * time.Second}
	}
	defer s.uploads.end(actor.ID)
	return s.Files.Upload(r.Context(), actor, said, &moving{from: r.Body, extend: http.NewResponseController(w).SetReadDeadline})
}

// sentSum reads the SHA-256 of a body, as RFC 9530 writes it, in hexadecimal digits. Other
// checksums are not looked at.
func sentSum(headers []string) (string, error) {
	for _, one := range strings.Split(strings.Join(headers, ","), ",") {
		algorithm, value, _ := strings.Cut(strings.TrimSpace(one), "=")
		if !strings.EqualFold(algorithm, "sha-256") {
			continue
		}
		sum, err := base64.StdEncoding.DecodeString(strings.Trim(value, ":"))
		if err != nil || len(sum) != sha256.Size {
			return "", &core.Error{Code: core.Invalid, Message: "Nothing was uploaded: Content-Digest is sha-256=:BASE64: with the 32 bytes of the checksum, as in RFC 9530."}
		}
		return hex.EncodeToString(sum), nil
	}
	return "", nil
}

// arrivals counts the uploads that come in, by who sends them.
type arrivals struct {
	mu  sync.Mutex
	all int
	of  map[string]int
}

func (a *arrivals) begin(by string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all >= MaxUploads || a.of[by] >= MaxUploadsOfOne {
		return false
	}
	if a.of == nil {
		a.of = map[string]int{}
	}
	a.all++
	a.of[by]++
	return true
}

func (a *arrivals) end(by string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all--
	if a.of[by]--; a.of[by] == 0 {
		delete(a.of, by)
	}
}

// moving reads a body that comes for as long as it likes, but does not stand still.
type moving struct {
	from   io.Reader
	extend func(time.Time) error
}

func (m *moving) Read(p []byte) (int, error) {
	_ = m.extend(time.Now().Add(FileStall)) // what has no deadline ends with its connection
	return m.from.Read(p)
}
