package pluginhost

import (
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/sdk/contract"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// encode shows a record to a plugin as an entity or, like the API, as a role:
// with the fields of both, side by side. It returns nil for nil.
func encode(e *schema.Entity, r *core.Record) (*pluginpb.Record, error) {
	if r == nil {
		return nil, nil
	}
	encoded, err := pluginpb.Encode(contract.Shown(e, r.Values))
	if err != nil {
		return nil, err
	}
	return &pluginpb.Record{
		Entity: e.Name, Id: r.ID, Version: r.Version, Values: encoded,
		CreatedAt: instant(r.CreatedAt), CreatedBy: r.CreatedBy,
		UpdatedAt: instant(r.UpdatedAt), UpdatedBy: r.UpdatedBy, DeletedAt: instant(r.DeletedAt),
	}, nil
}

// encodeSeen is encode for a record that was not read by the session: the
// plugin gets to see of it what it may.
func encodeSeen(s Session, e *schema.Entity, r *core.Record) (*pluginpb.Record, error) {
	seen, err := s.Seen(r)
	if err != nil {
		return nil, err
	}
	return encode(e, seen)
}

func encodeAll(e *schema.Entity, records []*core.Record) ([]*pluginpb.Record, error) {
	encoded := make([]*pluginpb.Record, len(records))
	for i, r := range records {
		var err error
		if encoded[i], err = encode(e, r); err != nil {
			return nil, err
		}
	}
	return encoded, nil
}

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return schema.Instant(t)
}
