package main

import (
	"io"

	"github.com/schollz/progressbar/v3"
)

// checkProgress shows on a terminal how many records were looked at.
type checkProgress struct{ bar *progressbar.ProgressBar } // nil when nobody sees it

func newCheckProgress(out io.Writer) checkProgress {
	if !isTerminal(out) {
		return checkProgress{}
	}
	return checkProgress{progressbar.NewOptions(-1, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription("records checked"),
		progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())}
}

// add counts on. A bar that cannot be drawn must not end the check.
func (v checkProgress) add(records int) {
	if v.bar != nil {
		_ = v.bar.Add(records)
	}
}

// clear leaves no half of a bar behind.
func (v checkProgress) clear() {
	if v.bar != nil {
		_ = v.bar.Clear()
	}
}
