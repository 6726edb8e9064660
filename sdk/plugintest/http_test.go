package plugintest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

func hooks(answer sdk.HTTPFunc) sdk.Plugin {
	return sdk.Plugin{Name: "hooks", Version: "1", Endpoints: []sdk.Endpoint{sdk.HTTP("POST /erp", answer), sdk.HTTP("/below/", answer)}}
}

func TestARequestReachesItsEndpoint(t *testing.T) {
	h := plugintest.Start(t, hooks(func(_ sdk.Host, w http.ResponseWriter, r *http.Request) {
		w.Header().Add("X-Two", "a")
		w.Header().Add("X-Two", "b")
		w.WriteHeader(http.StatusAccepted)
		_, _ = io.WriteString(w, r.Method+" "+r.URL.String()+" "+r.Host+" "+r.Header.Get("X-Signature"))
	}))
	for _, target := range []string{"/erp?shop=1", "/below/deep/%20down"} {
		r := httptest.NewRequest(http.MethodPost, target, strings.NewReader("{}"))
		r.Header.Set("X-Signature", "s3")
		answer := h.HTTP(r)
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if want := "POST " + target + " example.com s3"; err != nil || string(body) != want || answer.Status != "202 Accepted" || len(answer.Header["X-Two"]) != 2 {
			t.Errorf("%s %v %q, %v; want 202 Accepted and %q", answer.Status, answer.Header, body, err, want)
		}
	}
}

func TestARequestThatNobodyAnswersEndsTheTest(t *testing.T) {
	got := fatal(t, func(t testing.TB) {
		plugintest.Start(t, hooks(nothing)).HTTP(httptest.NewRequest(http.MethodPost, "/epr", nil))
	})
	if want := `the plugin has no endpoint for "POST /epr"; did you mean "POST /erp"?`; got != want {
		t.Errorf("the test ends with %s\nwant %s", got, want)
	}
}

func nothing(sdk.Host, http.ResponseWriter, *http.Request) {}

func TestThePluginLearnsThatNobodyReadsOn(t *testing.T) {
	gone := make(chan struct{})
	h := plugintest.Start(t, hooks(func(_ sdk.Host, w http.ResponseWriter, r *http.Request) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		close(gone)
	}))
	h.HTTP(httptest.NewRequest(http.MethodPost, "/erp", nil)).Body.Close()
	<-gone
}
