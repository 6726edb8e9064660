package sdk

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Record is one record of an entity. Values holds string, int64, bool,
// map[string]any and []any in the canonical form of the entity language; a
// field without a value, or one that the user may not see, is an absent key.
type Record struct {
	Entity    string
	ID        string
	Version   int64 // counts the writes, from 1
	CreatedAt time.Time
	CreatedBy string
	UpdatedAt time.Time
	UpdatedBy string
	DeletedAt time.Time // zero while the record lives
	Values    map[string]any

	// Before is the stored record, in a SaveFunc only; nil for a new record.
	Before *Record

	received []byte // values as they came from the host; nil for one made here
}

// MarshalJSON writes a record as a reference to it, its id: this is how a
// record in the result of an operation or of a field travels. The host reads
// it again, with the rights of the user.
func (r *Record) MarshalJSON() ([]byte, error) { return json.Marshal(r.ID) }

// patch returns the canonical JSON of what was done to the values since they
// were received, null for what was removed. It is nil if nothing was done.
func (r *Record) patch() ([]byte, error) {
	encoded, err := pluginpb.Encode(r.Values)
	if err != nil {
		return nil, err
	}
	now, err := pluginpb.Decode(encoded)
	if err != nil {
		return nil, err
	}
	before, err := pluginpb.Decode(r.received)
	if err != nil {
		return nil, err
	}
	for field, value := range before {
		if current, kept := now[field]; !kept {
			now[field] = nil
		} else if reflect.DeepEqual(current, value) {
			delete(now, field)
		}
	}
	if len(now) == 0 {
		return nil, nil
	}
	return pluginpb.Encode(now)
}

// fromWire returns nil for nil.
func fromWire(r *pluginpb.Record) (*Record, error) {
	if r == nil {
		return nil, nil
	}
	values, err := pluginpb.Decode(r.GetValues())
	if err != nil {
		return nil, err
	}
	return &Record{
		Entity: r.GetEntity(), ID: r.GetId(), Version: r.GetVersion(), Values: values,
		CreatedAt: instant(r.GetCreatedAt()), CreatedBy: r.GetCreatedBy(),
		UpdatedAt: instant(r.GetUpdatedAt()), UpdatedBy: r.GetUpdatedBy(),
		DeletedAt: instant(r.GetDeletedAt()), received: r.GetValues(),
	}, nil
}

func manyFromWire(rs []*pluginpb.Record) ([]*Record, error) {
	records := make([]*Record, len(rs))
	for i, r := range rs {
		var err error
		if records[i], err = fromWire(r); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// instant is zero for a time that is missing.
func instant(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
