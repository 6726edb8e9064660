package workload

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Light is what the clients ask that must not suffer from heavy ones: one
// record.
func Light() Scenario { return Scenarios()[0] }

// heavy is as much as a client may ask for at once: pages of 200 that are read
// from eight places, with what refers to each record.
func heavy() []byte {
	var query strings.Builder
	for part := range 8 {
		fmt.Fprintf(&query, ` p%d: customers(first: 200, orderBy: [{%s: ASC}]) { nodes {
			id version number displayName city country email segment status createdAt updatedAt
			orders(first: 2) { nodes { number placedOn customer { displayName } } } } }`,
			part, []string{"displayName", "createdAt"}[part%2])
	}
	return request("{"+query.String()+"}", nil)
}

// Another makes a key, and returns a client that asks with it.
func (c *Client) Another(ctx context.Context, atOnce int) (*Client, error) {
	var answer struct{ CreateAPIKey struct{ Secret string } }
	err := c.ask(ctx, `mutation { createApiKey(name: "heavy", roles: ["admin"]) { secret } }`, nil, &answer)
	return NewClient(c.url, answer.CreateAPIKey.Secret, atOnce), err
}

// Load asks for heavy things until ctx ends, and returns how many were answered
// and how many were refused. One that is refused waits as long as it is told to,
// as good clients do.
func (c *Client) Load(ctx context.Context) (answered, refused int, err error) {
	for ctx.Err() == nil {
		response, err := c.send(ctx, heavy())
		switch {
		case err != nil && ctx.Err() != nil:
		case err != nil:
			return answered, refused, err
		case response.status == http.StatusTooManyRequests:
			refused++
			wait, _ := strconv.Atoi(response.retryAfter)
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(max(wait, 1)) * time.Second):
			}
		case !response.fine():
			return answered, refused, fmt.Errorf("a heavy request is answered %d: %s", response.status, short(response.body))
		default:
			answered++
		}
	}
	return answered, refused, nil
}
