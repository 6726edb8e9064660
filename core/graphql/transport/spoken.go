package transport

import (
	"context"

	"github.com/openxrm/xrm/core/graphql/execution"
)

// spoken is a result whose errors are in the language of the request.
func (h *Handler) spoken(ctx context.Context, result *execution.Result) *execution.Result {
	if h.Say == nil || len(result.Errors) == 0 {
		return result
	}
	said := *result
	said.Errors = make(execution.Errors, len(result.Errors))
	for i, e := range result.Errors {
		copied := *e
		copied.Message, copied.Extensions = h.Say(ctx, e.Message, e.Extensions)
		said.Errors[i] = &copied
	}
	return &said
}
