package plugintest_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/openxrm/xrm/sdk"
	"github.com/openxrm/xrm/sdk/plugintest"
)

// reaching asks a shop and a telephone system.
func reaching() sdk.Plugin {
	type shop struct {
		URL string `json:"url"`
	}
	return sdk.Plugin{Name: "reaching", Version: "1", Operations: []sdk.Operation{
		sdk.Mutation("order", func(ctx context.Context, host sdk.Host, in shop) (string, error) {
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, in.URL, strings.NewReader(`{"product":"p1"}`))
			if err != nil {
				return "", err
			}
			answer, err := host.HTTP().Do(r)
			if err != nil {
				return "", err
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			return answer.Status + " " + string(body), err
		}),
		sdk.Mutation("ring", func(ctx context.Context, host sdk.Host, _ struct{}) (string, error) {
			conn, err := host.Dial(ctx, "pbx")
			if err != nil {
				return "", err
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, "ring\n")
			line, err := bufio.NewReader(conn).ReadString('\n')
			return conn.RemoteAddr().String() + " " + line, err
		}),
	}}
}

func TestATestAnswersWhatThePluginSends(t *testing.T) {
	h := plugintest.Start(t, reaching())
	h.Site("https://shop.example", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/orders", http.StatusTemporaryRedirect)
			return
		}
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.Path, body)
	}))
	h.Line("pbx", func(conn net.Conn) {
		line, _ := bufio.NewReader(conn).ReadString('\n')
		_, _ = io.WriteString(conn, "heard "+line)
	})
	for _, tt := range []struct {
		operation, url, want string
	}{
		{"order", "https://shop.example/old", `200 OK POST /orders {"product":"p1"}`},
		{"order", "https://shop.example:8443/", "UNAVAILABLE shop.example:8443 cannot be reached: the test has no Site there."},
		{"ring", "", "pbx.test:1 heard ring\n"},
	} {
		arguments := map[string]any{}
		if tt.url != "" {
			arguments["url"] = tt.url
		}
		answer, err := h.Call(tt.operation, arguments)
		if got := said(answer, err); got != tt.want {
			t.Errorf("%s %s: %q, want %q", tt.operation, tt.url, got, tt.want)
		}
	}
}

func TestATestHoldsConnectionsAgainstTheManifest(t *testing.T) {
	t.Chdir(t.TempDir())
	manifest := "name: reaching\nversion: \"1\"\nneeds: {connections: {pbx: site, shop: \"shop.example:443\"}}\n"
	if err := os.WriteFile("plugin.yaml", []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	h := plugintest.Start(t, reaching())
	anything := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	h.Site("https://shop.example", anything)
	h.Site("https://other.example", anything)
	for url, want := range map[string]string{
		"https://shop.example/":  "200 OK ",
		"https://other.example/": "FORBIDDEN The plugin reaching may not connect to other.example:443: nobody has approved that. Under needs its plugin.yaml has to have connections: {NAME: other.example:443}. Then approve it: xrm plugin approve reaching.",
	} {
		if got := said(h.Call("order", map[string]any{"url": url})); got != want {
			t.Errorf("%s: %s\nwant %s", url, got, want)
		}
	}
	if got, want := said(h.Call("ring", nil)), "UNAVAILABLE The connection pbx of the plugin reaching has no address. An administrator puts it into reaching.yaml: connections: {pbx: HOST:PORT}."; got != want {
		t.Errorf("without a line: %s\nwant %s", got, want)
	}
	h.Line("pbx", func(conn net.Conn) { _, _ = io.WriteString(conn, "busy\n") })
	if got, want := said(h.Call("ring", nil)), "pbx.test:1 busy\n"; got != want {
		t.Errorf("with a line: %s, want %s", got, want)
	}
}

// said is what an operation has come to.
func said(answer any, err error) string {
	if refused, is := err.(*sdk.Error); is { //nolint:errorlint // Call returns it as it is
		return refused.Code + " " + refused.Message
	}
	if err != nil {
		return err.Error()
	}
	return answer.(string)
}
