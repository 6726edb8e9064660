package storetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"

	"github.com/openxrm/xrm/core"
)

// Contents are those of files.
type Contents interface {
	// PutContent stores what a reader gives under an id, a UUID, that no content had
	// before, and returns its size. It is there whole when it returns nil, and not at
	// all before. It holds no more of it in memory than it has to, but for a store that
	// is in memory itself. The error of the reader comes back as it is.
	PutContent(ctx context.Context, id string, from io.Reader) (size int64, err error)

	// OpenContent reads a content from an offset on. NotFound says that there is none.
	OpenContent(ctx context.Context, id string, from int64) (io.ReadCloser, error)

	// RemoveContent removes a content, or what is there of one that has not come whole.
	// It can be repeated.
	RemoveContent(ctx context.Context, id string) error
}

func contentTests() map[string]func(*desk) {
	return map[string]func(*desk){
		"a content comes back as it was put":        contentWhole,
		"a content is read from any offset on":      contentFrom,
		"a content that is cut off is not there":    contentCutOff,
		"a content is not there before it is whole": contentUnderWay,
		"a removed content is not there":            contentRemoved,
		"what a killed process leaves is removed":   contentKilled,
		"many put contents at the same time":        contentParallel,
		"what is no id reaches no content":          contentStrange,
	}
}

// sizes of contents, around those of what a store may keep it in.
var sizes = []int{0, 1, 255<<10 - 1, 255 << 10, 255<<10 + 1, 3*(255<<10) + 17}

func noise(size int) []byte {
	random := rand.New(rand.NewPCG(1, uint64(size))) //nolint:gosec // the same each time
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

func (d *desk) store(content []byte) (id string) {
	d.t.Helper()
	id = d.id()
	size, err := d.PutContent(d.ctx, id, bytes.NewReader(content))
	if err != nil || size != int64(len(content)) {
		d.t.Fatalf("PutContent of %d bytes = %d, %v", len(content), size, err)
	}
	return id
}

func (d *desk) content(id string, from int64) []byte {
	d.t.Helper()
	r, err := d.OpenContent(d.ctx, id, from)
	if err != nil {
		d.t.Fatalf("OpenContent(%s, %d): %v", id, from, err)
	}
	got, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		d.t.Fatalf("read the content: %v", err)
	}
	return got
}

func (d *desk) noContent(id string) {
	d.t.Helper()
	r, err := d.OpenContent(d.ctx, id, 0)
	if err == nil {
		_ = r.Close()
	}
	if core.CodeOf(err) != core.NotFound {
		d.t.Errorf("OpenContent(%s): %v; want NOT_FOUND", id, err)
	}
}

func contentWhole(d *desk) {
	for _, size := range sizes {
		id := d.store(noise(size))
		if got := d.content(id, 0); !bytes.Equal(got, noise(size)) {
			d.t.Errorf("a content of %d bytes comes back with %d, or others", size, len(got))
		}
	}
}

func contentFrom(d *desk) {
	all := noise(3*(255<<10) + 17)
	id := d.store(all)
	for _, from := range []int{1, 255<<10 - 1, 255 << 10, 600_000, len(all) - 1, len(all)} {
		if got := d.content(id, int64(from)); !bytes.Equal(got, all[from:]) {
			d.t.Errorf("from %d on there are %d bytes, or others; want %d", from, len(got), len(all)-from)
		}
	}
}

var errCut = errors.New("the connection is gone")

func contentCutOff(d *desk) {
	id := d.id()
	_, err := d.PutContent(d.ctx, id, io.MultiReader(bytes.NewReader(noise(600_000)), failing{}))
	if !errors.Is(err, errCut) {
		d.t.Errorf("PutContent: %v; want the error of the reader", err)
	}
	d.noContent(id)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errCut }

func contentUnderWay(d *desk) {
	id := d.id()
	looked := reading(func() { d.noContent(id) })
	if _, err := d.PutContent(d.ctx, id, io.MultiReader(bytes.NewReader(noise(600_000)), looked, strings.NewReader("x"))); err != nil {
		d.t.Fatal(err)
	}
	if got := d.content(id, 600_000); string(got) != "x" {
		d.t.Errorf("it ends with %q", got)
	}
}

// reading is empty, and does something when it is read.
type reading func()

func (r reading) Read([]byte) (int, error) {
	r()
	return 0, io.EOF
}

func contentRemoved(d *desk) {
	id, other := d.store(noise(300_000)), d.store([]byte("other"))
	for range 2 {
		if err := d.RemoveContent(d.ctx, id); err != nil {
			d.t.Fatal(err)
		}
		d.noContent(id)
	}
	if got := d.content(other, 0); string(got) != "other" {
		d.t.Errorf("the other one is %q now", got)
	}
}

// contentKilled ends whoever puts a content in the middle of it, so that nothing of it is
// done from there on.
func contentKilled(d *desk) {
	id := d.id()
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		_, _ = d.PutContent(d.ctx, id, io.MultiReader(bytes.NewReader(noise(600_000)), reading(runtime.Goexit)))
	}()
	<-killed
	d.noContent(id)
	if err := d.RemoveContent(d.ctx, id); err != nil {
		d.t.Fatal(err)
	}
	if size, err := d.PutContent(d.ctx, id, bytes.NewReader(noise(300_000))); err != nil || size != 300_000 {
		d.t.Fatalf("PutContent where nothing should be left = %d, %v", size, err)
	}
	if got := d.content(id, 0); !bytes.Equal(got, noise(300_000)) {
		d.t.Errorf("the next content has %d bytes, or others", len(got))
	}
}

func contentParallel(d *desk) {
	var all sync.WaitGroup
	ids := make([]string, 4)
	for i := range ids {
		ids[i] = d.id()
		all.Go(func() {
			if _, err := d.PutContent(d.ctx, ids[i], bytes.NewReader(noise(300_000+i))); err != nil {
				d.t.Errorf("PutContent: %v", err)
			}
		})
	}
	all.Wait()
	for i, id := range ids {
		if got := d.content(id, 0); !bytes.Equal(got, noise(300_000+i)) {
			d.t.Errorf("content %d comes back with %d bytes, or others", i, len(got))
		}
	}
}

func contentStrange(d *desk) {
	for _, id := range []string{"", "..", "../xrm.db", "../../../../etc/passwd", "incoming", "%2e%2e", "0190b7f2-0000-7000-8000-000000000001/../../x"} {
		d.noContent(id)
		if err := d.RemoveContent(d.ctx, id); err != nil {
			d.t.Errorf("RemoveContent(%q): %v", id, err)
		}
	}
}
