package kept

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/openxrm/xrm/schema"
)

// MaxBroadcast is the largest value that a plugin can broadcast, in bytes.
const MaxBroadcast = 16 << 10

// CheckTopic refuses a name under which nothing can be broadcast.
func CheckTopic(topic string) error {
	if topic == "" || len(topic) > MaxKey || !utf8.ValidString(topic) {
		return &schema.Refusal{Code: schema.Invalid, Message: fmt.Sprintf(
			"%.40q cannot be the topic of a broadcast: it must be UTF-8 of 1 to %d bytes, such as escalated or call/17.", topic, MaxKey)}
	}
	return nil
}

// CheckBroadcast refuses a broadcast that is no JSON or too large: every instance
// reads all of them.
func CheckBroadcast(topic string, value []byte) error {
	if err := CheckTopic(topic); err != nil {
		return err
	}
	if !json.Valid(value) || !utf8.Valid(value) {
		return &schema.Refusal{Code: schema.Invalid, Message: fmt.Sprintf("Nothing was broadcast on %s: the value must be JSON in UTF-8.", topic)}
	}
	if len(value) > MaxBroadcast {
		return &schema.Refusal{Code: schema.Invalid, Message: fmt.Sprintf(
			"Nothing was broadcast on %s: the value has %d bytes, and may have %d. Broadcast the id of a record, and read it where it is heard.", topic, len(value), MaxBroadcast)}
	}
	return nil
}
