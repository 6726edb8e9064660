package integrity_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/openxrm/xrm/core"
)

func TestFilesWhoseContentIsNotWholeAreFound(t *testing.T) {
	onBothStores(t, func(w *world) {
		w.become("entity: contract\nfields:\n  scan: {type: file}\n  pages: {type: list, of: {type: file}}\n")
		w.prepare()
		file := func(name, content string, said int64) any {
			f := core.File{ID: uuid.NewString(), Name: name, Size: said, MediaType: "text/plain", SHA256: "-"}
			if _, err := w.store.PutContent(w.Context(), f.ID, strings.NewReader(content)); err != nil {
				w.Fatal(err)
			}
			return f.Value()
		}
		gone := file("gone.txt", "all", 3)
		w.put("contract", "a", false, map[string]any{"scan": file("a.txt", "all", 3), "pages": []any{file("b.txt", "", 0), gone}})
		w.put("contract", "b", false, map[string]any{"scan": file("cut.txt", "al", 3)})
		w.put("contract", "c", true, map[string]any{"scan": file("long.txt", "all of it", 3)})
		w.put("contract", "d", false, map[string]any{})
		if err := w.store.RemoveContent(w.Context(), core.FileOf(gone.(map[string]any)).ID); err != nil {
			w.Fatal(err)
		}
		const lost = ", whose content is not there, or not whole; upload it again, or take it from a backup"
		w.finds("EMPTIED contract a: pages[1] has the file gone.txt"+lost, "EMPTIED contract b: scan has the file cut.txt"+lost, "EMPTIED contract c: scan has the file long.txt"+lost)
	})
}
