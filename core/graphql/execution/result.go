package execution

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/openxrm/xrm/core/budget"
)

// Result is the answer to one request.
type Result struct {
	// Executed tells a request that was carried out, if only in part, from one
	// that was refused; only the former has data, which may be null.
	Executed   bool
	Errors     Errors
	Extensions map[string]any

	data *holder
	size int // about how many bytes the data take as JSON
}

// Refuse is the answer to a request that is not carried out.
func Refuse(errs ...*Error) *Result { return &Result{Errors: errs} }

// MarshalJSON writes the answer as [Result.AppendJSON] does.
func (r *Result) MarshalJSON() ([]byte, error) { return r.AppendJSON(nil) }

// MaxAnswerBytes bounds the data of an answer: aliases let a small document ask
// for the same long texts again and again.
const MaxAnswerBytes = 64 << 20

// AppendJSON appends the answer in the form of the GraphQL specification, the
// fields in the order in which the document names them. Data of more than 64
// MiB are left out, with an error that says so. It fails only when the
// extensions of an error cannot be written as JSON.
func (r *Result) AppendJSON(dst []byte) ([]byte, error) {
	start := len(dst)
	dst, err := r.appendJSON(slices.Grow(dst, r.size), MaxAnswerBytes)
	if len(dst)-start > MaxAnswerBytes {
		large := invalid(nil, "The answer is larger than %d MiB. Ask for smaller pages or fewer fields.", MaxAnswerBytes>>20)
		return r.without(large).appendJSON(dst[:start], MaxAnswerBytes)
	}
	return dst, err
}

// JSON is the answer as AppendJSON writes it, whose bytes the request that ctx
// belongs to holds from then on. Where there is no room for it, the answer has
// no data, and an error that says so.
func (r *Result) JSON(ctx context.Context) ([]byte, error) {
	request := budget.From(ctx)
	if request == nil || !r.Executed {
		return r.AppendJSON(nil)
	}
	// The texts are measured, since a text may stand in many places, and more
	// room is taken if they grow as they are written.
	for room := min(r.size+r.data.texts(MaxAnswerBytes)+minAnswerBytes, MaxAnswerBytes); ; room = min(2*room, MaxAnswerBytes) {
		if err := request.Take(int64(room)); err != nil {
			return r.without(presentable(err)).AppendJSON(nil)
		}
		if room == MaxAnswerBytes {
			return r.AppendJSON(make([]byte, 0, room/4))
		}
		if written, err := r.appendJSON(make([]byte, 0, room), room); err != nil || len(written) <= room {
			return written, err
		}
	}
}

// minAnswerBytes is room for what is not measured: the extensions, a few errors.
const minAnswerBytes = 512

// without is the answer without its data, and why.
func (r *Result) without(reason *Error) *Result {
	return &Result{Executed: r.Executed, Errors: Errors{reason}, Extensions: r.Extensions}
}

// appendJSON stops, in the middle, when the data have become longer than limit.
func (r *Result) appendJSON(dst []byte, limit int) ([]byte, error) {
	limit += len(dst)
	dst = append(dst, '{')
	separator := ""
	part := func(name string) { dst = append(append(append(dst, separator...), name...), ':'); separator = "," }
	if len(r.Errors) > 0 {
		errs, err := marshal([]*Error(r.Errors))
		if err != nil {
			return nil, err
		}
		part(`"errors"`)
		dst = append(dst, errs...)
	}
	if r.Executed {
		part(`"data"`)
		if r.data == nil {
			dst = append(dst, "null"...)
		} else {
			dst = r.data.appendJSON(dst, limit)
		}
	}
	if len(r.Extensions) > 0 {
		extensions, err := marshal(r.Extensions)
		if err != nil {
			return nil, err
		}
		part(`"extensions"`)
		dst = append(dst, extensions...)
	}
	return append(dst, '}'), nil
}

// holder is an object or a list of the answer while it fills. It knows its
// place, so that an error can name its path and a null can travel upwards.
type holder struct {
	values  []any        // *holder, a leaf, or nil for null
	fields  []*collected // what the values of an object are; nil for a list
	parent  *holder      // nil for the root
	index   int          // of this holder in the parent's values
	nonNull bool         // whether that place refuses null
	list    bool
	dead    bool // nulled, or part of something that was
}

func (h *holder) alive() bool {
	for ; h != nil; h = h.parent {
		if h.dead {
			return false
		}
	}
	return true
}

// path is the way from the root to the value at index i.
func (h *holder) path(i int) []any {
	depth := 0
	for at := h; at != nil; at = at.parent {
		depth++
	}
	path := make([]any, depth)
	for ; h != nil; h = h.parent {
		depth--
		if h.list {
			path[depth] = i
		} else {
			path[depth] = h.fields[i].key
		}
		i = h.index
	}
	return path
}

func (h *holder) appendJSON(dst []byte, limit int) []byte {
	if h.list {
		dst = append(dst, '[')
		for i, value := range h.values {
			if i > 0 {
				dst = append(dst, ',')
			}
			if dst = appendValue(dst, value, limit); len(dst) > limit {
				return dst // which AppendJSON throws away
			}
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for i, value := range h.values {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), h.fields[i].key...), `":`...)
		if dst = appendValue(dst, value, limit); len(dst) > limit {
			return dst
		}
	}
	return append(dst, '}')
}

// texts is how many bytes the texts have, but no more than it takes to know
// that they are more than limit.
func (h *holder) texts(limit int) (bytes int) {
	if h == nil {
		return 0
	}
	for _, value := range h.values {
		switch value := value.(type) {
		case *holder:
			bytes += value.texts(limit - bytes)
		case string:
			bytes += len(value)
		case json.RawMessage:
			bytes += len(value)
		}
		if bytes > limit {
			break
		}
	}
	return bytes
}

func appendValue(dst []byte, value any, limit int) []byte {
	if h, ok := value.(*holder); ok {
		return h.appendJSON(dst, limit)
	}
	return appendLeaf(dst, value)
}

func appendLeaf(dst []byte, value any) []byte {
	switch value := value.(type) {
	case string:
		return appendString(dst, value)
	case bool:
		return strconv.AppendBool(dst, value)
	case int64:
		return strconv.AppendInt(dst, value, 10)
	case float64:
		return appendFloat(dst, value)
	case json.Number:
		return append(dst, value...)
	case json.RawMessage:
		return append(dst, value...)
	}
	return append(dst, "null"...)
}

func appendFloat(dst []byte, f float64) []byte {
	format := byte('f')
	if abs := max(f, -f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64)
}

func appendString(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		dst = append(dst, s[start:i]...)
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			if c < ' ' {
				dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
			} else {
				dst = append(dst, "\uFFFD"...)
			}
		}
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}

// decodeNumbers decodes JSON as requests are decoded: a number keeps its digits.
func decodeNumbers(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}
