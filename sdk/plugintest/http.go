package plugintest

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/httpwire"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// HTTP sends the plugin a request, most often one of httptest.NewRequest, whose
// path is that below /plugins/NAME. It returns when the head of the answer is
// there; the bodies go on in both directions. A request that no endpoint of the
// plugin answers ends the test. Close the body of the response.
func (h *Host) HTTP(r *http.Request) *http.Response {
	h.t.Helper()
	h.needConfiguration()
	h.needEndpoint(r)
	return h.send(r)
}

func (h *Host) send(r *http.Request) *http.Response {
	h.t.Helper()
	id, end := h.begin(nil, true)
	ctx, cancel := context.WithCancel(r.Context())
	stream, err := h.plugin.ServeHTTP(ctx)
	if err != nil {
		cancel()
		h.t.Fatalf("send a request to the plugin: %v", err)
	}
	head := &pluginpb.HTTPRequestHead{Context: id, Method: r.Method, Target: r.URL.RequestURI(), Host: r.Host, RemoteAddress: r.RemoteAddr}
	answer, err := httpwire.Ask(stream, head, r, func() { cancel(); end() }, func(e *pluginpb.Error) error { return errors.New(e.GetMessage()) })
	if err != nil {
		h.t.Logf("the plugin failed to answer %s %s: %v", r.Method, r.URL.Path, err)
		return &http.Response{StatusCode: http.StatusInternalServerError, Header: http.Header{}, Body: http.NoBody, Request: r}
	}
	return answer
}

func (h *Host) needEndpoint(r *http.Request) {
	h.t.Helper()
	var known []string
	for _, e := range h.description.GetEndpoints() {
		if naming.EndpointFits(e.GetMethod(), e.GetPath(), r.Method, r.URL.Path) {
			return
		}
		known = append(known, strings.TrimSpace(e.GetMethod()+" "+e.GetPath()))
	}
	asked := r.Method + " " + r.URL.Path
	h.t.Fatalf("the plugin has no endpoint for %q%s", asked, strictyaml.Suggest(asked, known))
}
