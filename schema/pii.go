package schema

import "maps"

// erasedText is what stands where a required text about a person stood.
const erasedText = "[erased]"

// HasPII says whether the records of an entity, or what they keep for their
// roles, may say something about a person.
func (e *Entity) HasPII() bool { return anyPII(e.Stored().Fields) }

func anyPII(fields Fields) bool {
	for _, f := range fields {
		if f.PII || anyPII(f.Fields) || f.Of != nil && anyPII(f.Of.Fields) {
			return true
		}
	}
	return false
}

// WithoutPII returns the canonical values of a stored record, or some of
// them, without what they say about a person: a required text becomes "[erased]",
// everything else is gone. What stays is shared with the input.
func (e *Entity) WithoutPII(values map[string]any) map[string]any {
	return withoutPII(e.Stored().Fields, values)
}

func withoutPII(fields Fields, values map[string]any) map[string]any {
	left := maps.Clone(values)
	for _, f := range fields {
		value, has := values[f.Name]
		if !has {
			continue
		}
		if left[f.Name] = f.withoutPII(value); left[f.Name] == nil {
			delete(left, f.Name)
		}
	}
	return left
}

func (f *Field) withoutPII(value any) any {
	if f.PII && f.Required {
		return erasedText
	}
	if f.PII {
		return nil
	}
	switch v := value.(type) {
	case map[string]any:
		if left := withoutPII(f.Fields, v); len(left) > 0 {
			return left
		}
		return nil
	case []any:
		if f.Of == nil {
			return value
		}
		left := make([]any, 0, len(v))
		for _, item := range v {
			if item = f.Of.withoutPII(item); item != nil {
				left = append(left, item)
			}
		}
		if len(left) == 0 {
			return nil
		}
		return left
	}
	return value
}

// lintPII returns what keeps the values of a field from being erased, or "".
func (f *Field) lintPII() string {
	switch {
	case f.Of != nil && f.Of.PII:
		return "pii belongs to the list, not to its items: write it beside of"
	case !f.PII:
		return ""
	case f.Type == "autonumber" || f.Type == "state":
		return "pii: a record cannot be without its " + f.Type + ", so it cannot be erased"
	case f.Required && f.Type != "text":
		return "pii and required: only a text can be erased and still be there; make it optional"
	case f.Required && (f.Unique || f.Max != nil && *f.Max < int64(len(erasedText))):
		return "pii and required: the text becomes " + erasedText + ", so it cannot be unique and needs room for it (max)"
	}
	return ""
}
