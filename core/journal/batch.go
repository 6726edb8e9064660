package journal

import "github.com/openxrm/xrm/core"

// inBatches distributes deliveries to batches that can be delivered at the
// same time: all events of one key are in one of them, in their order. What a
// full batch has no place for is left out, with all that follows in its key.
func (l Limits) inBatches(deliveries []core.Delivery) [][]core.Delivery {
	type filling struct {
		deliveries []core.Delivery
		bytes      int
		full       bool
	}
	batches := make([]filling, min(l.Parallel, len(deliveries)))
	of := map[string]*filling{} // by key
	for _, d := range deliveries {
		b := of[d.Event.Key]
		if b == nil {
			b = &batches[0]
			for i := range batches {
				if len(batches[i].deliveries) < len(b.deliveries) {
					b = &batches[i]
				}
			}
			of[d.Event.Key] = b
		}
		size := sizeOf(d.Event)
		b.full = b.full || len(b.deliveries) == l.Events || len(b.deliveries) > 0 && b.bytes+size > l.Bytes
		if !b.full {
			b.deliveries, b.bytes = append(b.deliveries, d), b.bytes+size
		}
	}
	var all [][]core.Delivery
	for _, b := range batches {
		if len(b.deliveries) > 0 {
			all = append(all, b.deliveries)
		}
	}
	return all
}

// sizeOf is about how many bytes an event needs on its way.
func sizeOf(e core.Event) int {
	const frame = 200 // ids, times and the actor
	size := frame + len(e.Payload)
	if e.Entry != nil {
		for _, d := range e.Entry.Diffs {
			size += len(d.Path) + sizeOfValue(d.From) + sizeOfValue(d.To)
		}
	}
	return size
}

func sizeOfValue(value any) int {
	const punctuation = 8
	size := punctuation
	switch v := value.(type) {
	case string:
		size += len(v)
	case []any:
		for _, item := range v {
			size += sizeOfValue(item)
		}
	case map[string]any:
		for name, inner := range v {
			size += len(name) + sizeOfValue(inner)
		}
	}
	return size
}
