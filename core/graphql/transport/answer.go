package transport

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/core/graphql/execution"
)

// answer writes one response; whatever it says, it is a GraphQL response.
type answer struct {
	handler   *Handler
	ctx       context.Context // of the request, with what it holds
	w         http.ResponseWriter
	mediaType string
	single    bool // whether one answer of that type will do
	events    bool // whether events will
	query     bool // whether nothing is lost if all of it is refused

	status int // of what is composed
	body   []byte
}

func (a *answer) refuse(status int, code, format string, args ...any) {
	a.composeAs(status, execution.Refuse(errorf(code, format, args...)))
	a.write()
}

// compose takes what the engine answered. A query for whose answer there is no
// room in memory is refused as a whole.
func (a *answer) compose(result *execution.Result) {
	status := http.StatusOK
	if !result.Executed && len(result.Errors) > 0 {
		code := codeOf(result.Errors[0])
		// Clients that accept application/json only tell success by the body, so
		// that for them a refused document is no failure of HTTP.
		if a.mediaType == graphqlResponse || code == "RATE_LIMITED" {
			status = statusOf(code)
		}
		if after, ok := result.Errors[0].Extensions[retryAfter]; ok {
			a.w.Header().Set("Retry-After", fmt.Sprint(after))
		}
	}
	a.composeAs(status, result)
	if refused := budget.From(a.ctx).Refused(); refused != nil && a.query && result.Executed {
		a.compose(execution.Refuse(a.handler.shown(a.ctx, refused)))
	}
}

func (a *answer) composeAs(status int, result *execution.Result) {
	body, err := a.handler.encode(a.ctx, result)
	if err != nil {
		status = http.StatusInternalServerError
	}
	a.status, a.body = status, body
}

// write sends what was composed.
func (a *answer) write() {
	header := a.w.Header()
	header.Set("Content-Type", a.mediaType+"; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(a.body)))
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept")
	header.Set("X-Content-Type-Options", "nosniff")
	connection := http.NewResponseController(a.w)
	timed := connection.SetWriteDeadline(time.Now().Add(a.handler.timeToWrite(len(a.body)))) == nil
	a.w.WriteHeader(a.status)
	// A client that is gone, or that does not read, cannot be told anything.
	_, err := a.w.Write(a.body)
	if timed && err == nil && connection.Flush() == nil {
		_ = connection.SetWriteDeadline(time.Time{}) // which is of this answer alone
	}
}

// timeToWrite is how long a client may take to read so many bytes: with the
// default patience, who reads less than 64 KiB in a second keeps an answer in
// memory for too long.
func (h *Handler) timeToWrite(bytes int) time.Duration {
	patience := orDefault(h.Patience, DefaultPatience)
	return patience + patience*time.Duration(bytes)/(640<<10)
}

// encode is the answer as JSON. An error is logged already, and the JSON says so.
func (h *Handler) encode(ctx context.Context, result *execution.Result) ([]byte, error) {
	body, err := h.spoken(ctx, result).JSON(ctx)
	if err != nil {
		h.logger().ErrorContext(ctx, "write a GraphQL answer", "error", err)
		return []byte(`{"errors":` + unwritable + `}`), err
	}
	return body, nil
}

// unwritable are errors in the place of those that cannot be written as JSON.
const unwritable = `[{"message":"Something went wrong on our side; the details are in the server's log.","extensions":{"code":"INTERNAL"}}]`

func errorf(code, format string, args ...any) *execution.Error {
	return &execution.Error{Message: fmt.Sprintf(format, args...), Extensions: map[string]any{"code": code}}
}

func codeOf(err *execution.Error) string {
	code, _ := err.Extensions["code"].(string)
	return code
}

// statusOf is the HTTP status of a request that was not carried out.
func statusOf(code string) int {
	switch code {
	case "UNAUTHENTICATED":
		return http.StatusUnauthorized
	case "FORBIDDEN":
		return http.StatusForbidden
	case "RATE_LIMITED":
		return http.StatusTooManyRequests
	case "UNAVAILABLE":
		return http.StatusServiceUnavailable
	case "INTERNAL":
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}
