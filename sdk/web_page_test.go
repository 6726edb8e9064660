package sdk_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/openxrm/xrm/sdk"
)

func TestThePageIsTheFolderWithTheIndex(t *testing.T) {
	flat := fstest.MapFS{"index.html": {Data: []byte("a")}, "look/page.css": {Data: []byte("b")}}
	below := fstest.MapFS{"board/index.html": {Data: []byte("a")}, "board/look/page.css": {Data: []byte("b")}}
	changed := fstest.MapFS{"index.html": {Data: []byte("a")}, "look/page.css": {Data: []byte("c")}}
	renamed := fstest.MapFS{"index.html": {Data: []byte("a")}, "look/side.css": {Data: []byte("b")}}
	digest := func(files fstest.MapFS) string {
		t.Helper()
		return describe(t, sdk.Plugin{Name: "fair", Version: "1.0.0", Pages: []sdk.WebPage{sdk.NewWebPage("board", "Board", files)}}).GetPages()[0].GetDigest()
	}
	if digest(flat) != digest(below) {
		t.Error("with //go:embed the page is another one")
	}
	if digest(flat) == digest(changed) || digest(flat) == digest(renamed) {
		t.Error("a page with other files has the same digest")
	}
}

func TestMistakesInPagesAreToldAllAtOnce(t *testing.T) {
	files := fstest.MapFS{"index.html": {Data: []byte("a")}}
	_, err := sdk.NewTransport(sdk.Plugin{Name: "fair", Version: "1.0.0", Pages: []sdk.WebPage{
		sdk.NewWebPage("my board", "Board", files), sdk.NewWebPage("board", "", files), sdk.NewWebPage("board", "Board", files),
		sdk.NewWebPage("empty", "Empty", fstest.MapFS{"page.html": {}}), sdk.NewWebPage("none", "None", nil),
		sdk.NewWebPage("both", "Both", files).Needs("ticket.see").ForEverybody(),
	}}, func() {})
	want := strings.Join([]string{
		`plugin fair:`,
		`"my board" cannot be the name of a page; use camelCase`,
		`page board has no title`,
		`page board stands in Pages twice`,
		`page empty needs an index.html: open index.html: file does not exist`,
		`page none has no files`,
		`page both needs "ticket.see"; write an entity and one of read, create, update, delete, grant and withdraw, such as complaint.update`,
		`page both is ForEverybody and has Needs; say one of them`,
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("mistakes:\n%v\nwant\n%s", err, want)
	}
}
