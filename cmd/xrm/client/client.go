package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Client asks one server. It is safe for concurrent use.
type Client struct {
	Server string // "http://127.0.0.1:8080"
	Key    string
	HTTP   *http.Client

	Retry   time.Duration                    // for how long a server that is away is tried again; 0 for not at all
	First   time.Duration                    // the first pause between two tries; they grow from there
	Waiting func(why error, d time.Duration) // told before each pause; may be nil
}

// Request is one GraphQL request.
type Request struct {
	Query     string         `json:"query"`
	Variables map[string]any `json:"variables,omitempty"`

	// Once keeps a request from being sent again when it may have arrived,
	// because carrying it out twice would do harm.
	Once bool `json:"-"`
}

// Do sends a request and decodes the data of the answer into a pointer; it
// tries again while the server is away. The error is Errors when the server
// answered with errors (data are decoded nevertheless), *Unreachable when it
// did not answer, or another sentence.
func (c *Client) Do(ctx context.Context, r Request, into any) error {
	return c.Try(ctx, r.Once, func() error { return c.Send(ctx, r, into) })
}

// Try calls f until it succeeds, fails for good, or has failed for as long as
// the client tries. once is that of the Request that f sends.
func (c *Client) Try(ctx context.Context, once bool, f func() error) error {
	started := time.Now()
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = c.First, 10*time.Second
	try := func() (struct{}, error) {
		err := f()
		if err != nil && (c.Retry <= 0 || !again(err, once)) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}
	_, err := backoff.Retry(ctx, try, backoff.WithBackOff(pauses), backoff.WithMaxElapsedTime(c.Retry), backoff.WithNotify(func(err error, d time.Duration) {
		if c.Waiting != nil {
			c.Waiting(err, d)
		}
	}))
	var unreachable *Unreachable
	if errors.As(err, &unreachable) && c.Retry > 0 {
		unreachable.Tried = time.Since(started)
	}
	return err
}

// again says whether a request should be sent once more.
func again(err error, once bool) bool {
	var unreachable *Unreachable
	if errors.As(err, &unreachable) {
		return !once || !unreachable.Sent
	}
	var answer Errors
	return errors.As(err, &answer) && answer.Temporary() && !once
}

// Send sends a request once. Its errors are those of Do.
func (c *Client) Send(ctx context.Context, r Request, into any) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Server+"/graphql", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the server's address %q is no URL such as http://127.0.0.1:8080", c.Server)
	}
	request.Header.Set("Authorization", "Bearer "+c.Key)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/graphql-response+json, application/json;q=0.9")
	response, err := c.HTTP.Do(request)
	if err != nil {
		return c.unreachable(ctx, err, !neverSent(err))
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return c.unreachable(ctx, err, true)
	}
	return c.read(response, text, into)
}

func (c *Client) unreachable(ctx context.Context, err error, sent bool) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return &Unreachable{Server: c.Server, Cause: err, Sent: sent}
}

func (c *Client) read(response *http.Response, text []byte, into any) error {
	answer := struct {
		Data   json.RawMessage `json:"data"`
		Errors Errors          `json:"errors"`
	}{}
	if !isJSON(response) || json.Unmarshal(text, &answer) != nil || answer.Data == nil && answer.Errors == nil {
		what := fmt.Errorf("%s answers %s and nothing that an xrm server would say; check --server", c.Server, response.Status)
		switch response.StatusCode {
		case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout, http.StatusTooManyRequests:
			return &Unreachable{Server: c.Server, Cause: errors.New(response.Status), Sent: true}
		}
		return what
	}
	if len(answer.Data) > 0 && !bytes.Equal(answer.Data, []byte("null")) {
		if err := json.Unmarshal(answer.Data, into); err != nil {
			return fmt.Errorf("the answer of %s is not understood: %w; is it another version of xrm?", c.Server, err)
		}
	}
	if len(answer.Errors) > 0 {
		return answer.Errors
	}
	return nil
}

func isJSON(response *http.Response) bool {
	mediaType, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return mediaType == "application/json" || strings.HasSuffix(mediaType, "+json")
}
