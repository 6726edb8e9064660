package plugintest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/openxrm/xrm/sdk"
)

// Client is a user of a Server.
type Client struct {
	t   testing.TB
	url string
	key string
}

// Query sends a GraphQL query or mutation, and decodes the data of the answer
// into what into points at; nil for what does not matter. What the server refuses
// is an *sdk.Error, or several that are joined; the data that came with it are
// decoded nevertheless.
func (c *Client) Query(query string, variables map[string]any, into any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return fmt.Errorf("write the request: %w", err)
	}
	request, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+c.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var answer struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct {
				Code       string
				Violations []sdk.Violation
			}
		}
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return fmt.Errorf("read the answer %s: %w", response.Status, err)
	}
	if into != nil && len(answer.Data) > 0 {
		if err := json.Unmarshal(answer.Data, into); err != nil {
			return fmt.Errorf("read the data of the answer: %w", err)
		}
	}
	var refusals []error
	for _, e := range answer.Errors {
		refusals = append(refusals, &sdk.Error{Code: e.Extensions.Code, Message: e.Message, Violations: e.Extensions.Violations})
	}
	if len(refusals) == 1 {
		return refusals[0]
	}
	return errors.Join(refusals...)
}
