package workload

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Load is what one key asks for over and over, and what must not suffer from it.
type Load struct {
	Name    string
	Clients int      // that ask at the same time
	Light   Scenario // of another key

	request func(i int) []byte // the i-th
}

// Loads are all.
func Loads() []Load {
	read, write := scenario("get one"), scenario("update one")
	return []Load{
		{"light beside 16 heavy", 16, read, func(int) []byte { return heavy() }},
		{"write beside 24 bulk", 24, write, bulk},
	}
}

// bulk creates as many records as one mutation may.
func bulk(i int) []byte {
	const rows = 1000
	data := make([]map[string]any, rows)
	for n := range data {
		data[n] = product(i*rows + n)
		data[n]["sku"] = fmt.Sprintf("BULK-%d-%d", i, n)
	}
	return request("mutation ($data: [ProductInput!]!) { createProducts(data: $data) { product { id } } }", map[string]any{"data": data})
}

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

// Bear asks for what a load consists of until ctx ends, and returns how many
// requests were answered and how many were refused. One that is refused waits as
// long as it is told to, as good clients do. All clients share next.
func (c *Client) Bear(ctx context.Context, l Load, next *atomic.Int64) (answered, refused int, err error) {
	for ctx.Err() == nil {
		response, err := c.send(ctx, l.request(int(next.Add(1))))
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
			return answered, refused, fmt.Errorf(""+l.Name+": a request of the load is answered %d: %s", response.status, short(response.body))
		default:
			answered++
		}
	}
	return answered, refused, nil
}
