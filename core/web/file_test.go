package web_test

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/access"
	"github.com/openxrm/xrm/core/bothstores"
	"github.com/openxrm/xrm/core/fairqueue"
	"github.com/openxrm/xrm/core/file"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/snapshot"
	"github.com/openxrm/xrm/core/web"
	"github.com/openxrm/xrm/schema"
)

const contract = "entity: contract\nfields:\n  title: {type: text}\n  scan: {type: file}\n"

const visitorRole = "role: visitor\ncontract:\n  read: {title: {eq: open}}\n"

// archive is a site with contracts, and what is asked of it.
type archive struct {
	*testing.T
	server *httptest.Server
	files  *file.Service
	on     record.Basis
}

func filesOnBothStores(t *testing.T, test func(a *archive)) {
	t.Helper()
	bothstores.OnDisk(t, func(t *testing.T, open func(*testing.T) bothstores.Database) {
		m, err := schema.Load(schema.Source{Layer: "site", File: "contract.yaml", Data: []byte(contract)})
		if err != nil {
			t.Fatal(err)
		}
		policy, err := access.LoadRoles(m, []schema.Source{{Layer: "site", File: "visitor.yaml", Data: []byte(visitorRole)}})
		if err != nil {
			t.Fatal(err)
		}
		s := open(t)
		if err := s.Prepare(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		records := &record.Service{Store: s, Now: time.Now, NewID: uuid.NewString}
		files := &file.Service{Store: s, Records: records, Now: time.Now, NewID: uuid.NewString, MaxSize: 1 << 20}
		records.Files = files
		a := &archive{T: t, files: files, on: record.Basis{Model: m, Policy: policy}}
		now := &snapshot.Snapshot{Basis: a.on}
		a.server = httptest.NewServer(web.New(web.Config{
			Authenticator: visitors{"ada": {ID: "ada", Roles: []string{core.AdminRole}}, "eve": {ID: "eve", Roles: []string{core.AdminRole}}, "vic": {ID: "vic", Roles: []string{"visitor"}}},
			Files:         files, Current: func() *snapshot.Snapshot { return now }, Queue: fairqueue.New(fairqueue.Limits{}, nil),
			Log: slog.New(slog.NewTextHandler(t.Output(), nil)),
		}))
		t.Cleanup(a.server.Close)
		test(a)
	})
}

// ask returns the answer to a request, and its body.
func (a *archive) ask(method, path, visitor string, body io.Reader, header ...string) (*http.Response, string) {
	a.Helper()
	r, err := http.NewRequestWithContext(a.Context(), method, a.server.URL+path, body)
	if err != nil {
		a.Fatal(err)
	}
	r.Header.Set("X-Visitor", visitor)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := a.server.Client().Do(r)
	if err != nil {
		a.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		a.Fatal(err)
	}
	return answer, string(text)
}

// want is an answer with a status, and a text in it.
func (a *archive) want(method, path, visitor string, body io.Reader, status int, text string) {
	a.Helper()
	answer, got := a.ask(method, path, visitor, body)
	if answer.StatusCode != status || !strings.Contains(got, text) {
		a.Errorf("%s %s for %q: %d %s; want %d %s", method, path, visitor, answer.StatusCode, got, status, text)
	}
}

// filed uploads a file and puts it into a contract, and returns where it is read.
func (a *archive) filed(title, name, content string) (path string, r *core.Record) {
	a.Helper()
	answer, text := a.ask("POST", "/files?name="+name, "ada", strings.NewReader(content), "Content-Type", "image/png")
	var up struct{ ID, Name, MediaType, SHA256 string }
	if err := json.Unmarshal([]byte(text), &up); err != nil || answer.StatusCode != http.StatusCreated {
		a.Fatalf("the upload: %d %s", answer.StatusCode, text)
	}
	d := record.Draft{Action: core.Created, Set: map[string]any{"title": title, "scan": up.ID}}
	result := a.files.Records.As(core.Actor{ID: "ada", Roles: []string{core.AdminRole}}, a.on).Save(a.Context(), a.on.Model.Entity("contract"), []record.Draft{d}, false)[0]
	if result.Err != nil {
		a.Fatal(result.Err)
	}
	return graphql.FileAddress("contract", result.Record.ID, up.ID), result.Record
}

func TestAFileIsHandedOutAsSomethingToSave(t *testing.T) {
	filesOnBothStores(t, func(a *archive) {
		const page = "<!doctype html><script>alert(1)</script>"
		path, _ := a.filed("open", "Gr%C3%B6%C3%9Fe.html", page)
		answer, got := a.ask("GET", path, "vic", nil)
		if answer.StatusCode != 200 || got != page {
			t.Errorf("%d %s; want the content", answer.StatusCode, got)
		}
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "Content-Disposition": "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe.html",
			"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "private, no-cache",
			"Accept-Ranges": "bytes", "Content-Length": "40", "Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := answer.Header.Get(name); got != want {
				t.Errorf("%s: %q; want %q", name, got, want)
			}
		}
		tag := answer.Header.Get("ETag")
		if answer, got = a.ask("GET", path, "vic", nil, "Range", "bytes=2-8"); answer.StatusCode != 206 || got != page[2:9] {
			t.Errorf("a range: %d %q; want 206 %q", answer.StatusCode, got, page[2:9])
		}
		if answer, _ = a.ask("GET", path, "vic", nil, "Range", "bytes=99-"); answer.StatusCode != 416 {
			t.Errorf("a range behind the end: %d; want 416", answer.StatusCode)
		}
		if answer, got = a.ask("GET", path, "vic", nil, "If-None-Match", tag); answer.StatusCode != 304 || got != "" {
			t.Errorf("what is known: %d %q; want 304", answer.StatusCode, got)
		}
		if answer, got = a.ask("HEAD", path, "vic", nil); answer.StatusCode != 200 || answer.ContentLength != 40 || got != "" {
			t.Errorf("HEAD: %d, %d bytes, %q", answer.StatusCode, answer.ContentLength, got)
		}
	})
}

func TestNobodyElseLearnsThatThereIsAFile(t *testing.T) {
	filesOnBothStores(t, func(a *archive) {
		const none = `{"errors":[{"extensions":{"code":"NOT_FOUND"},"message":"There is no such file, or you may not read it."}]}`
		path, r := a.filed("closed", "a.txt", "secret")
		a.want("GET", path, "ada", nil, 200, "secret")
		a.want("GET", path, "vic", nil, 404, none)
		a.want("GET", path, "", nil, 401, "Say who you are.")
		a.want("GET", graphql.FileAddress("contract", r.ID, "../../xrm.db"), "ada", nil, 404, none)
		a.want("GET", graphql.FileAddress("nothing", r.ID, r.ID), "ada", nil, 404, none)
		a.want("GET", graphql.FileAddress("contract", r.ID, r.ID), "ada", nil, 404, none)
		a.want("POST", "/files?name=a.txt", "vic", strings.NewReader("x"), 403, "Nothing was uploaded: you may not write any field for files. Ask an administrator for a role that lets you.")
		a.want("POST", "/files?name=a.txt", "", strings.NewReader("x"), 401, "Say who you are.")
		a.want("POST", "/files", "ada", strings.NewReader("x"), 400, "Nothing was uploaded: the file needs a name, such as contract.pdf; over HTTP, POST /files?name=contract.pdf.")
		a.want("POST", "/files?name=a.bin", "ada", strings.NewReader(strings.Repeat("x", 1<<20+1)), 413, "Nothing was uploaded: the file has more than 1048576 bytes, which is as much as this server takes (limits.fileBytes).")
		a.want("POST", "/files?name=a.bin", "ada", io.LimitReader(strings.NewReader(strings.Repeat("x", 1<<20+1)), 1<<30), 413, "Nothing was uploaded: the file has more than 1048576 bytes")
		a.want("GET", "/files", "ada", nil, 405, "")
	})
}

// A client that goes in the middle of its upload leaves nothing.
func TestAnUploadThatIsCutOffLeavesNothing(t *testing.T) {
	filesOnBothStores(t, func(a *archive) {
		begun := make(chan struct{})
		id := uuid.NewString()
		a.files.NewID = func() string { close(begun); return id }
		body, client := io.Pipe()
		go func() {
			_, _ = client.Write(make([]byte, 600<<10))
			<-begun
			client.CloseWithError(errors.New("the client goes"))
		}()
		r, err := http.NewRequestWithContext(t.Context(), "POST", a.server.URL+"/files?name=a.bin", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Visitor", "ada")
		if answer, err := a.server.Client().Do(r); err == nil {
			answer.Body.Close()
			t.Fatal("the client got an answer")
		}
		a.server.Close() // which waits for the request
		_, err = a.files.Store.OpenContent(t.Context(), id, 0)
		if core.CodeOf(err) != core.NotFound {
			t.Errorf("the content: %v; want NOT_FOUND", err)
		}
	})
}

func TestAnUploadIsHeldAgainstItsDigest(t *testing.T) {
	filesOnBothStores(t, func(a *archive) {
		for digest, want := range map[string]struct {
			status int
			text   string
		}{
			"sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:":                                 {201, `"size":5`},
			"md5=:XUFAKrxLKna5cZ2REBfFkg==:, sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:": {201, `"size":5`},
			"md5=:AAAA:": {201, `"size":5`},
			"sha-256=:AAJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:": {400, "Nothing was uploaded: the checksum (SHA-256) of what came is 2cf24d"},
			"sha-256=:LPJNul:": {400, "Nothing was uploaded: Content-Digest is sha-256=:BASE64: with the 32 bytes of the checksum, as in RFC 9530."},
		} {
			answer, got := a.ask("POST", "/files?name=a.txt", "ada", strings.NewReader("hello"), "Content-Digest", digest)
			if answer.StatusCode != want.status || !strings.Contains(got, want.text) {
				t.Errorf("with %s: %d %s; want %d %s", digest, answer.StatusCode, got, want.status, want.text)
			}
		}
	})
}

// Whoever sends many files at once does not keep others from sending one.
func TestOneKeySendsOnlySomeFilesAtOnce(t *testing.T) {
	filesOnBothStores(t, func(a *archive) {
		begun := make(chan struct{}, web.MaxUploadsOfOne)
		a.files.NewID = func() string { begun <- struct{}{}; return uuid.NewString() }
		end, over := make(chan struct{}), sync.WaitGroup{}
		for range web.MaxUploadsOfOne {
			body, client := io.Pipe()
			over.Go(func() {
				a.want("POST", "/files?name=slow", "ada", body, 201, `"size":1`)
			})
			over.Go(func() {
				_, _ = client.Write([]byte("x"))
				<-end
				_ = client.Close()
			})
		}
		for range web.MaxUploadsOfOne {
			<-begun
		}
		answer, got := a.ask("POST", "/files?name=one", "ada", strings.NewReader("x"))
		if answer.StatusCode != 429 || !strings.Contains(got, "Nothing was uploaded: many files are coming in already. Send it again in a few seconds.") || answer.Header.Get("Retry-After") != "5" {
			t.Errorf("one more: %d %s", answer.StatusCode, got)
		}
		a.want("POST", "/files?name=one", "eve", strings.NewReader("x"), 201, `"size":1`)
		<-begun
		close(end)
		over.Wait()
		a.want("POST", "/files?name=one", "ada", strings.NewReader("x"), 201, `"size":1`)
	})
}

func TestADamagedFileIsNotHandedOutToItsEnd(t *testing.T) {
	filesOnBothStores(t, func(a *archive) {
		path, r := a.filed("open", "a.txt", "as it was")
		id := core.FileOf(r.At("scan").(map[string]any)).ID
		err := a.files.Store.RemoveContent(t.Context(), id)
		if err == nil {
			_, err = a.files.Store.PutContent(t.Context(), id, strings.NewReader("as it is!"))
		}
		if err != nil {
			t.Fatal(err)
		}
		request, err := http.NewRequestWithContext(t.Context(), "GET", a.server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("X-Visitor", "ada")
		answer, err := a.server.Client().Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if got, err := io.ReadAll(answer.Body); err == nil {
			t.Errorf("it is handed out: %q", got)
		}
		if err := a.files.Store.RemoveContent(t.Context(), id); err != nil {
			t.Fatal(err)
		}
		a.want("GET", path, "ada", nil, 404, "The content of the file "+id+" is not there.")
	})
}
