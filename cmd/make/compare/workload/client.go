package workload

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Client asks one server, over connections that stay open.
type Client struct {
	url, key string
	http     *http.Client
}

// NewClient is for the server at an URL such as http://127.0.0.1:8080, which so
// many will ask at the same time.
func NewClient(url, key string, atOnce int) *Client {
	transport := &http.Transport{MaxIdleConns: atOnce, MaxIdleConnsPerHost: atOnce}
	return &Client{url: url, key: key, http: &http.Client{Transport: transport}}
}

// Post sends the body of a GraphQL request and returns that of the answer. An
// answer with errors is an error.
func (c *Client) Post(ctx context.Context, body []byte) ([]byte, error) {
	answer, err := c.send(ctx, body)
	if err == nil && !answer.fine() {
		err = fmt.Errorf("%s answers %d: %s", short(body), answer.status, short(answer.body))
	}
	return answer.body, err
}

type answer struct {
	status     int
	retryAfter string
	body       []byte
}

func (a answer) fine() bool {
	return a.status == http.StatusOK && !bytes.Contains(a.body, []byte(`"errors":[`))
}

func (c *Client) send(ctx context.Context, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/graphql-response+json")
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header.Get("Retry-After"), text}, err
}

// short is as much of a text as helps.
func short(text []byte) []byte { return text[:min(len(text), 500)] }

// ask is Post with the answer's data taken apart.
func (c *Client) ask(ctx context.Context, query string, variables map[string]any, into any) error {
	answer, err := c.Post(ctx, request(query, variables))
	if err != nil {
		return err
	}
	return json.Unmarshal(answer, &struct{ Data any }{into})
}

func request(query string, variables map[string]any) []byte {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err) // texts and numbers
	}
	return body
}
