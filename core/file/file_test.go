package file_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/file"
	"github.com/openxrm/xrm/core/record"
)

const pdf = "%PDF-1.4\n%âãÏÓ\n1 0 obj"

func TestAnUploadIsTakenIntoAFieldAndReadAgain(t *testing.T) {
	onBothStores(t, func(w *world) {
		f := w.upload(admin, "Vertrag.pdf", pdf)
		want := core.File{ID: f.ID, Name: "Vertrag.pdf", Size: 26, MediaType: "application/pdf", SHA256: f.SHA256}
		if diff := cmp.Diff(want, f); diff != "" || len(f.SHA256) != 64 {
			t.Errorf("the upload (-want +got):\n%s", diff)
		}
		r := w.create(admin, map[string]any{"scan": f.ID, "pages": []any{f.ID, map[string]any{"id": f.ID}}, "annex": map[string]any{"copy": f.ID}})
		for at, value := range map[string]any{"scan": r.At("scan"), "annex.copy": r.At("annex.copy"), "pages": r.Values["pages"].([]any)[1]} {
			if diff := cmp.Diff(f.Value(), value); diff != "" {
				t.Errorf("%s (-want +got):\n%s", at, diff)
			}
		}
		found, err := w.Find(t.Context(), w.Records.As(admin, w.on), "contract", r.ID, f.ID)
		if err != nil || found != f {
			t.Errorf("Find = %+v, %v; want %+v", found, err, f)
		}
		content, err := io.ReadAll(w.Open(t.Context(), found))
		if string(content) != pdf || err != nil {
			t.Errorf("the content is %q, %v", content, err)
		}
	})
}

func TestNobodyPutsIntoAFieldWhatHeHasNotUploaded(t *testing.T) {
	onBothStores(t, func(w *world) {
		f := w.upload(admin, "a.txt", "secret")
		r := w.create(admin, map[string]any{"scan": f.ID})
		none := func(id string) string {
			return "must be an upload of your own, from the last day; there is none with the id " + id + ". Send the file to POST /files again"
		}
		_, err := w.save(other, record.Draft{Action: core.Created, Set: map[string]any{"scan": f.ID}})
		w.wantViolation(err, "scan", none(f.ID))
		whole := f.Value()
		_, err = w.save(other, record.Draft{Action: core.Created, Set: map[string]any{"pages": []any{whole}}})
		w.wantViolation(err, "pages[0]", none(f.ID))
		const nobody = "0190b7f2-0000-7000-8000-00000000000f"
		_, err = w.save(admin, record.Draft{ID: r.ID, Set: map[string]any{"scan": nobody}})
		w.wantViolation(err, "scan", none(nobody))
		for _, strange := range []any{"../../etc/passwd", 7, "", map[string]any{"name": "x"}, []any{}} {
			if _, err = w.save(admin, record.Draft{ID: r.ID, Set: map[string]any{"annex": map[string]any{"copy": strange}}}); strange != "" && core.CodeOf(err) != core.Invalid {
				t.Errorf("%v: %v; want INVALID", strange, err)
			}
		}
		// What is there already stays what it is, whatever is said of it.
		whole["name"], whole["sha256"] = "b.exe", strings.Repeat("0", 64)
		w.update(r.ID, map[string]any{"scan": whole, "title": "t"})
		found, err := w.Find(t.Context(), w.Records.As(admin, w.on), "contract", r.ID, f.ID)
		if err != nil || found != f {
			t.Errorf("Find = %+v, %v; want %+v", found, err, f)
		}
	})
}

func TestAFieldTakesOnlyTheFilesItAccepts(t *testing.T) {
	onBothStores(t, func(w *world) {
		png := w.upload(admin, "photo.pdf", "\x89PNG\r\n\x1a\n")
		_, err := w.save(admin, record.Draft{Action: core.Created, Set: map[string]any{"scan": png.ID}})
		w.wantViolation(err, "scan", "must be a file of type application/pdf, text/*, not image/png")
		large := w.upload(admin, "long.txt", strings.Repeat("text ", 300))
		_, err = w.save(admin, record.Draft{Action: core.Created, Set: map[string]any{"scan": large.ID}})
		w.wantViolation(err, "scan", "must have at most 1000 bytes, not 1500")
		w.create(admin, map[string]any{"pages": []any{png.ID, large.ID}})
	})
}

func TestAFileIsReadByWhoMayReadItsFieldNow(t *testing.T) {
	onBothStores(t, func(w *world) {
		scan, page := w.upload(admin, "a.txt", "scan"), w.upload(admin, "b.txt", "page")
		r := w.create(admin, map[string]any{"title": "open", "scan": scan.ID, "pages": []any{page.ID}})
		elsewhere := w.create(admin, map[string]any{"title": "open"})
		readable := func(when string, by core.Actor, id string, f core.File, want bool) {
			t.Helper()
			_, err := w.Find(t.Context(), w.Records.As(by, w.on), "contract", id, f.ID)
			if got := err == nil; got != want || err != nil && core.CodeOf(err) != core.NotFound {
				t.Errorf("%s: %s reads %s: %v; want %v", when, by.ID, f.Name, err, want)
			}
		}
		readable("while it is open", reader, r.ID, scan, true)
		readable("while it is open", clerk, r.ID, scan, false)
		readable("while it is open", clerk, r.ID, page, true)
		readable("in another record", admin, elsewhere.ID, scan, false)
		readable("of nobody", core.Actor{ID: "x"}, r.ID, page, false)
		w.update(r.ID, map[string]any{"title": "closed"})
		readable("when it is closed", reader, r.ID, scan, false)
		w.update(r.ID, map[string]any{"scan": nil})
		readable("when it is gone", admin, r.ID, scan, false)
		readable("when it is gone", admin, r.ID, page, true)
		if err := file.MayUpload(w.on, reader); core.CodeOf(err) != core.Forbidden {
			t.Errorf("who writes no file may upload: %v", err)
		}
		if err := file.MayUpload(w.on, clerk); err != nil {
			t.Errorf("who writes files may not upload: %v", err)
		}
	})
}

func TestTheSameUploadIsTheSameFile(t *testing.T) {
	onBothStores(t, func(w *world) {
		f := w.upload(admin, "a.txt", "same")
		if again := w.upload(admin, "a.txt", "same"); again != f {
			t.Errorf("again it is %+v; want %+v", again, f)
		}
		for name, not := range map[string]core.File{
			"another name": w.upload(admin, "b.txt", "same"), "another content": w.upload(admin, "a.txt", "other"), "another actor": w.upload(other, "a.txt", "same"),
		} {
			if not.ID == f.ID {
				t.Errorf("%s is the same file", name)
			}
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				p, err := w.Upload(t.Context(), admin, file.Said{Name: "p.txt"}, strings.NewReader("parallel"))
				if err != nil || !w.has(p.ID) {
					t.Errorf("a parallel upload: %v, and its content is not there", err)
				}
			})
		}
		all.Wait()
		p := w.upload(admin, "p.txt", "parallel")
		r := w.create(admin, map[string]any{"pages": []any{p.ID}})
		w.later(25 * 3600e9)
		if next := w.upload(admin, "p.txt", "parallel"); next.ID == p.ID {
			t.Errorf("a file of a record is uploaded again as itself")
		}
		if r.ID == "" || !w.has(p.ID) {
			t.Errorf("the file of the record is gone")
		}
	})
}

func TestAnUploadThatDoesNotComeWholeLeavesNothing(t *testing.T) {
	onBothStores(t, func(w *world) {
		var id string
		newID := w.NewID
		w.NewID = func() string { id = newID(); return id }
		gone := errors.New("the client is gone")
		for name, tt := range map[string]struct {
			content io.Reader
			want    string
		}{
			"cut":       {io.MultiReader(bytes.NewReader(make([]byte, 700_000)), broken{gone}), "Nothing was uploaded: the file did not come whole. Send it again."},
			"too large": {bytes.NewReader(make([]byte, 2_000_001)), "Nothing was uploaded: the file has more than 2000000 bytes, which is as much as this server takes (limits.fileBytes)."},
		} {
			_, err := w.Upload(t.Context(), admin, file.Said{Name: "a.bin"}, tt.content)
			var ours *core.Error
			if !errors.As(err, &ours) || ours.Code != core.Invalid || ours.Message != tt.want {
				t.Errorf("%s: %v; want %s", name, err, tt.want)
			}
			_, version, err := w.State(t.Context(), file.Owner, id)
			left, _ := w.Timers(t.Context(), file.Owner, 10, "")
			if w.has(id) || version != 0 || err != nil || len(left) > 0 {
				t.Errorf("%s: something is left: note of version %d, timers %v", name, version, left)
			}
		}
		if f, err := w.Upload(t.Context(), admin, file.Said{Name: "a.bin"}, bytes.NewReader(make([]byte, 2_000_000))); err != nil || f.Size != 2_000_000 {
			t.Errorf("one that just fits: %+v, %v", f, err)
		}
		if f, err := w.Upload(t.Context(), admin, file.Said{Name: "empty.txt"}, strings.NewReader("")); err != nil || f.Size != 0 {
			t.Errorf("an empty one: %+v, %v", f, err)
		}
		if _, err := w.Upload(t.Context(), admin, file.Said{Name: " /\u202e "}, strings.NewReader("x")); err == nil || err.Error() != "Nothing was uploaded: the file needs a name, such as contract.pdf; over HTTP, POST /files?name=contract.pdf." {
			t.Errorf("without a name: %v", err)
		}
	})
}

func TestAnUploadIsHeldAgainstWhatIsSaidOfIt(t *testing.T) {
	onBothStores(t, func(w *world) {
		const sum, other = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824", "00f24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
		f, err := w.Upload(t.Context(), admin, file.Said{Name: "a.txt", SHA256: sum}, strings.NewReader("hello"))
		if err != nil || f.SHA256 != sum {
			t.Errorf("with its checksum: %+v, %v", f, err)
		}
		const want = "Nothing was uploaded: the checksum (SHA-256) of what came is " + sum + ", not " + other + ". Send the file again."
		if _, err = w.Upload(t.Context(), admin, file.Said{Name: "b.txt", SHA256: other}, strings.NewReader("hello")); core.CodeOf(err) != core.Invalid || err.Error() != want {
			t.Errorf("with another checksum: %v; want %s", err, want)
		}
		_, err = w.Upload(t.Context(), admin, file.Said{Name: "c.txt", Size: 2_000_001}, broken{errors.New("it is read")})
		if !errors.As(err, new(file.TooLarge)) {
			t.Errorf("what says that it is too large: %v", err)
		}
		if left, err := w.Timers(t.Context(), file.Owner, 10, ""); len(left) != 1 || err != nil {
			t.Errorf("besides the first one there is left: %v, %v", left, err)
		}
	})
}

// Who reads a content that is another one now does not get it to its end.
func TestADamagedContentIsNotTakenForTheFile(t *testing.T) {
	onBothStores(t, func(w *world) {
		f := w.upload(admin, "a.txt", "as it was")
		for damaged, want := range map[string]string{
			"as it is!": "the content of the file " + f.ID + " is damaged: its checksum is another one",
			"as":        "unexpected EOF",
		} {
			err := w.RemoveContent(t.Context(), f.ID)
			if err == nil {
				_, err = w.PutContent(t.Context(), f.ID, strings.NewReader(damaged))
			}
			if err != nil {
				t.Fatal(err)
			}
			r := w.Open(t.Context(), f)
			got, err := io.ReadAll(r)
			if err == nil || err.Error() != want || len(got) >= len("as it was") || r.Err() == nil {
				t.Errorf("of %q: %q, %v; want %s", damaged, got, err, want)
			}
			_ = r.Close()
		}
	})
}

type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// A file of many megabytes takes only some of the memory, on its way in and out.
func TestALargeFileDoesNotLieInMemory(t *testing.T) {
	onBothStores(t, func(w *world) {
		const size = 48 << 20
		w.MaxSize = size
		most := func(from io.Reader) (grown int64) {
			var before, now runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			buffer := make([]byte, 1<<20)
			for read := 0; ; {
				n, err := io.ReadFull(from, buffer)
				if read += n; read%(16<<20) == 0 {
					runtime.GC()
					runtime.ReadMemStats(&now)
					grown = max(grown, int64(now.HeapAlloc)-int64(before.HeapAlloc))
				}
				if err != nil {
					return grown
				}
			}
		}
		source, sink := io.Pipe()
		grown := make(chan int64, 1)
		go func() {
			grown <- most(io.TeeReader(io.LimitReader(zeros{}, size), sink))
			_ = sink.Close()
		}()
		f, err := w.Upload(t.Context(), admin, file.Said{Name: "large.bin"}, source)
		if err != nil {
			t.Fatal(err)
		}
		if in := <-grown; in > 16<<20 {
			t.Errorf("while it comes in the heap grows by %d bytes", in)
		}
		if out := most(w.Open(t.Context(), f)); out > 16<<20 {
			t.Errorf("while it goes out the heap grows by %d bytes", out)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
