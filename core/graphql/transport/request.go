package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/openxrm/xrm/core/graphql/execution"
)

// problem is a reason why a request is not even a GraphQL request.
type problem struct {
	status  int
	message string
	refused *execution.Error // if that says it all
}

func badRequest(format string, args ...any) *problem {
	return &problem{status: http.StatusBadRequest, message: fmt.Sprintf(format, args...)}
}

func (h *Handler) read(ctx context.Context, w http.ResponseWriter, r *http.Request) (execution.Request, *problem) {
	if r.Method == http.MethodGet {
		return readURL(r.URL.Query())
	}
	if problem := checkContentType(r.Header); problem != nil {
		return execution.Request{}, problem
	}
	body, problem := h.body(ctx, w, r)
	if problem != nil {
		return execution.Request{}, problem
	}
	return readBody(body)
}

func checkContentType(header http.Header) *problem {
	unsupported := func(format string, args ...any) *problem {
		return &problem{status: http.StatusUnsupportedMediaType, message: fmt.Sprintf(format, args...)}
	}
	given := header.Get("Content-Type")
	if given == "" {
		return unsupported("Say Content-Type: application/json; the request has none.")
	}
	mediaType, parameters, err := mime.ParseMediaType(given)
	if err != nil || mediaType != plainJSON {
		return unsupported("Say Content-Type: application/json; %q is not understood.", given)
	}
	if charset, ok := parameters["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return unsupported("Send the request in UTF-8; %q is not understood.", charset)
	}
	if encoding := header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return unsupported("Send the request as it is; Content-Encoding %q is not understood.", encoding)
	}
	return nil
}

func readBody(body []byte) (execution.Request, *problem) {
	body = bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	switch {
	case len(body) == 0:
		return execution.Request{}, badRequest(`The request has no body; send {"query": "..."}.`)
	case !utf8.Valid(body):
		return execution.Request{}, badRequest("The body is not valid UTF-8.")
	case body[0] == '[':
		return execution.Request{}, badRequest("Batches are not offered; send each operation as a request of its own.")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var all any
	if err := decoder.Decode(&all); err != nil {
		return execution.Request{}, badRequest("The body is not valid JSON: %s.", jsonProblem(err))
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return execution.Request{}, badRequest("The body is not valid JSON: something follows after its end.")
	}
	parameters, ok := all.(map[string]any)
	if !ok {
		return execution.Request{}, badRequest(`The body must be a JSON object such as {"query": "..."}.`)
	}
	return readParameters(parameters)
}

func jsonProblem(err error) string {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("%s (at byte %d)", syntax.Error(), syntax.Offset)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return "it ends too early"
	}
	return err.Error()
}

// readURL reads the parameters of a GET request; two of them are JSON.
func readURL(query url.Values) (execution.Request, *problem) {
	parameters := map[string]any{}
	for _, name := range []string{"query", "operationName"} {
		if query.Has(name) {
			parameters[name] = query.Get(name)
		}
	}
	for _, name := range []string{"variables", "extensions"} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var value any
		if err := decoder.Decode(&value); err != nil {
			return execution.Request{}, badRequest("The parameter %s is not valid JSON: %s.", name, jsonProblem(err))
		}
		parameters[name] = value
	}
	return readParameters(parameters)
}

func readParameters(p map[string]any) (execution.Request, *problem) {
	var r execution.Request
	var ok bool
	if p["query"] == nil {
		return r, badRequest("The parameter query is missing; it holds the GraphQL document.")
	}
	if r.Query, ok = p["query"].(string); !ok {
		return r, badRequest("The parameter query must be a string.")
	}
	if name := p["operationName"]; name != nil {
		if r.OperationName, ok = name.(string); !ok {
			return r, badRequest("The parameter operationName must be a string.")
		}
	}
	if variables := p["variables"]; variables != nil {
		if r.Variables, ok = variables.(map[string]any); !ok {
			return r, badRequest("The parameter variables must be an object.")
		}
	}
	if extensions := p["extensions"]; extensions != nil {
		if r.Extensions, ok = extensions.(map[string]any); !ok {
			return r, badRequest("The parameter extensions must be an object.")
		}
	}
	return r, nil
}
