package importer

import (
	"context"
	"errors"
	"fmt"
)

// Stopped is the error of an import that did not come to the end of its file.
type Stopped struct {
	File    string
	Line    int  // the last line that is done with; 0 for none
	Waiting int  // records up to there that are not in, because they refer to later ones
	Keyed   bool // running the same import again does no harm
	Cause   error
}

// Error says how far it came and how to go on.
func (s *Stopped) Error() string {
	why := "it was interrupted"
	if !errors.Is(s.Cause, context.Canceled) {
		why = s.Cause.Error()
	}
	advice := "run the same command again to go on: what is in already is found unchanged"
	if !s.Keyed {
		advice = "the map names no key, so look which rows are in and take them out of the file before you run it again"
	}
	if s.Line == 0 {
		return fmt.Sprintf("%s is stopped in its first batch: %s\n%s", s.File, why, advice)
	}
	if s.Waiting > 0 && !s.Keyed {
		advice += fmt.Sprintf("; %d of them wait for rows that stand further down", s.Waiting)
	}
	return fmt.Sprintf("%s is imported up to line %d, then stopped: %s\n%s", s.File, s.Line, why, advice)
}

// Unwrap returns the cause.
func (s *Stopped) Unwrap() error { return s.Cause }

func (i *imports) stopped(cause error) error {
	return &Stopped{File: i.File, Line: i.line, Waiting: i.waiting.count, Keyed: i.plan.key != nil || i.DryRun, Cause: cause}
}
