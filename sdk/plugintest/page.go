package plugintest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"

	"github.com/openxrm/xrm/schema/strictyaml"
)

// PageFile asks for a file of a page of the plugin, as a host does for a browser, and
// returns what is in it and whether it is there. A page that the plugin has not ends the
// test.
func (h *Host) PageFile(page, file string) (content []byte, found bool) {
	h.t.Helper()
	h.needConfiguration()
	var known []string
	for _, p := range h.description.GetPages() {
		known = append(known, p.GetName())
	}
	if !slices.Contains(known, page) {
		h.t.Fatalf("the plugin has no page %q%s", page, strictyaml.Suggest(page, known))
	}
	answer := h.send(httptest.NewRequest(http.MethodGet, "/.pages/"+page+"/"+file, nil))
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		h.t.Fatalf("read %s of the page %s: %v", file, page, err)
	}
	return content, answer.StatusCode == http.StatusOK
}
