package file

import (
	"context"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/record"
)

// Take returns the value of an upload that somebody is allowed to put into a record, nil
// where there is none. The file is not removed for as long as a request can last.
func (s *Service) Take(ctx context.Context, id string, into record.Holder, may func(by string) bool, look bool) (value map[string]any, err error) {
	if look {
		l, _, err := s.note(ctx, id)
		if err != nil || l.Stage != whole || !may(l.By) {
			return nil, err
		}
		return l.File.Value(), nil
	}
	noted, err := s.loosen(ctx, id, func(l *loose, there bool) bool {
		if !there || l.Stage != whole || !may(l.By) || len(l.Known) >= maxKnown {
			return false
		}
		l.add(into)
		value = l.File.Value()
		return true
	})
	if err != nil || !noted {
		return nil, err
	}
	return value, nil
}

// Share notes that of these records each may have a file, or may not have it any more.
func (s *Service) Share(ctx context.Context, value map[string]any, among ...record.Holder) error {
	f := core.FileOf(value)
	_, err := s.loosen(ctx, f.ID, func(l *loose, there bool) bool {
		if !there {
			*l = loose{Stage: whole, File: f}
		}
		l.add(among...)
		return l.Stage == whole
	})
	return err
}
