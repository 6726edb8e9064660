package pluginhost_test

import (
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// answerInParts sends parts in any order: the status of a head, "body", "none" for
// a part that this version does not know, or "error", which ends the answer.
func answerInParts(stream pluginpb.Plugin_ServeHTTPServer, order string) error {
	for part := range strings.SplitSeq(order, ",") {
		answer := &pluginpb.HTTPResponse{}
		switch n, err := strconv.Atoi(part); {
		case err == nil:
			answer.Part = &pluginpb.HTTPResponse_Head{Head: &pluginpb.HTTPResponseHead{
				Status: int32(n), Headers: []*pluginpb.HTTPHeader{{Name: "X-Of", Value: "the plugin"}, {Name: "Content-Type", Value: "text/html"}},
			}}
		case part == "body":
			answer.Part = &pluginpb.HTTPResponse_Body{Body: []byte("<script>")}
		case part == "error":
			return status.Error(codes.Internal, "<script>")
		}
		if err := stream.Send(answer); err != nil {
			return err
		}
	}
	return nil
}

func TestNothingOfAPluginsAnswerLeavesBeforeTheHeadThatWeWrite(t *testing.T) {
	t.Parallel()
	const mistake = "INTERNAL The plugin answers made a mistake; the details are in the server's log"
	tests := map[string]struct {
		body   string // of a whole answer, or mistake
		aborts bool   // after the head
		log    string
	}{
		"200":           {body: ""},
		"200,body":      {body: "<script>"},
		"200,body,body": {body: "<script><script>"},
		"200,none,body": {body: "<script>"},
		"none,200,body": {body: "<script>"},
		"404,body":      {body: "<script>"},
		"204":           {body: ""},
		"304":           {body: ""},
		"204,body":      {body: ""},
		"304,body":      {body: ""},
		"200,200":       {aborts: true, log: "it answered a request with a second head"},
		"200,body,200":  {aborts: true, log: "it answered a request with a second head"},
		"200,error":     {aborts: true, log: "it answered outside of the protocol: <script>"},
		"body":          {body: mistake, log: "it answered a request with a body before its head"},
		"body,200":      {body: mistake, log: "it answered a request with a body before its head"},
		"none,body,200": {body: mistake, log: "it answered a request with a body before its head"},
		"none":          {body: mistake, log: "it ended its answer to a request without a head"},
		"error":         {body: mistake, log: "it answered outside of the protocol: <script>"},
		"none,error":    {body: mistake, log: "it answered outside of the protocol: <script>"},
		"100,200,body":  {body: mistake, log: "it answered a request with the status 100; it may be one from 200 to 599"},
		"101":           {body: mistake, log: "it answered a request with the status 101; it may be one from 200 to 599"},
		"103,body":      {body: mistake, log: "it answered a request with the status 103; it may be one from 200 to 599"},
		"0,body":        {body: mistake, log: "it answered a request with the status 0; it may be one from 200 to 599"},
		"600,body":      {body: mistake, log: "it answered a request with the status 600; it may be one from 200 to 599"},
	}
	for order, tt := range tests {
		t.Run(order, func(t *testing.T) {
			t.Parallel()
			var log transcript
			h := serving(t, "answers", pluginhost.Config{Log: slog.New(slog.NewTextHandler(&log, nil))})
			server := answering(t, h)
			answer, err := http.Get(server.URL + "/parts?" + order)
			if err != nil {
				if tt.aborts { // before the head had left
					return
				}
				t.Fatal(err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(answer.Body)
			if (err != nil) != tt.aborts {
				t.Errorf("reading ends with %v, and it breaks off = %t", err, tt.aborts)
			}
			server.Close() // all of it is logged
			ours := tt.body == mistake
			if got := strings.TrimSpace(string(body)); !tt.aborts && got != tt.body {
				t.Errorf("the body is %q, want %q", got, tt.body)
			}
			want := http.Header{"Content-Security-Policy": {"sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts"}, "X-Content-Type-Options": {"nosniff"}, "X-Of": {"the plugin"}}
			if ours {
				want = http.Header{"X-Content-Type-Options": {"nosniff"}} // that of http.Error
			}
			got := http.Header{}
			for _, name := range []string{"Content-Security-Policy", "X-Content-Type-Options", "X-Of"} {
				if values := answer.Header.Values(name); len(values) > 0 {
					got[name] = values
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the header (-want +got):\n%s", diff)
			}
			if tt.log != "" && !strings.Contains(log.String(), tt.log) {
				t.Errorf("the log is\n%s\nwant %s in it", log.String(), tt.log)
			}
		})
	}
}
