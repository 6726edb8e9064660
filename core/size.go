package core

// BytesPerRecord is what a record takes in memory beside its values, roughly.
const BytesPerRecord = 500

// bytesPerValue is what a value takes in its object or list beside its text.
const bytesPerValue = 64

// Size is about how many bytes a record holds in memory.
func (r *Record) Size() int64 { return BytesPerRecord + size(r.Values) }

// Size is about how many bytes a group holds in memory.
func (g Group) Size() int64 { return BytesPerRecord + size(g.Keys) + size(g.Values) }

// size is about how many bytes a canonical value holds in memory.
func size(value any) int64 {
	total := int64(bytesPerValue)
	switch v := value.(type) {
	case string:
		total += int64(len(v))
	case []any:
		for _, item := range v {
			total += size(item)
		}
	case map[string]any:
		for _, inner := range v {
			total += size(inner)
		}
	}
	return total
}
