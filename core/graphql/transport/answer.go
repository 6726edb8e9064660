package transport

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/openxrm/xrm/core/graphql/execution"
)

// answer writes one response; whatever it says, it is a GraphQL response.
type answer struct {
	w         http.ResponseWriter
	mediaType string
	failed    func(error) // hears of an answer that could not be written as JSON
}

func (a *answer) refuse(status int, code, format string, args ...any) {
	a.write(status, execution.Refuse(&execution.Error{
		Message:    fmt.Sprintf(format, args...),
		Extensions: map[string]any{"code": code},
	}))
}

// send writes what the engine answered.
func (a *answer) send(result *execution.Result) {
	status := http.StatusOK
	// Clients that accept application/json only tell success by the body, so
	// that for them a refused document is no failure of HTTP.
	if !result.Executed && a.mediaType == graphqlResponse && len(result.Errors) > 0 {
		code, _ := result.Errors[0].Extensions["code"].(string)
		status = statusOf(code)
	}
	a.write(status, result)
}

func (a *answer) write(status int, result *execution.Result) {
	body, err := result.AppendJSON(nil)
	if err != nil {
		a.failed(err)
		status = http.StatusInternalServerError
		body = []byte(`{"errors":[{"message":"Something went wrong on our side; the details are in the server's log.","extensions":{"code":"INTERNAL"}}]}`)
	}
	header := a.w.Header()
	header.Set("Content-Type", a.mediaType+"; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	header.Set("Cache-Control", "no-store")
	header.Set("Vary", "Accept")
	header.Set("X-Content-Type-Options", "nosniff")
	a.w.WriteHeader(status)
	// A client that is gone cannot be told anything.
	_, _ = a.w.Write(body)
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
