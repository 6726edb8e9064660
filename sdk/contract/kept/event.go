package kept

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/openxrm/xrm/schema"
)

// CheckEvent refuses an event whose payload is no JSON, or that may not fit into a
// message to a subscriber. The caller vouches for the topic.
func CheckEvent(topic, key string, payload []byte) error {
	if !json.Valid(payload) || !utf8.Valid(payload) {
		return &schema.Refusal{Code: schema.Invalid, Message: fmt.Sprintf("The event %s was not published: its payload must be JSON in UTF-8.", topic)}
	}
	if len(key) > MaxKey || len(payload) > MaxValue {
		return &schema.Refusal{Code: schema.Invalid, Message: fmt.Sprintf(
			"The event %s was not published: its key may have %d bytes and its payload %d, and they have %d and %d. Save a record, and send its id.",
			topic, MaxKey, MaxValue, len(key), len(payload))}
	}
	return nil
}
