package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/openxrm/xrm/cmd/xrm/importer"
	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// How many rejected rows are shown. An import has all of them in its file; a
// dry run leaves no file, so that there is more to say.
const (
	shownReasons       = 5
	shownReasonsDryRun = 10
)

// progressView shows how an import goes: a bar on a terminal, and what is to
// be said about rows on any output.
type progressView struct {
	out      io.Writer
	bar      *progressbar.ProgressBar // nil when out is no terminal
	rejects  int
	shown    int // how many of them are shown
	terminal bool
}

func newProgressView(out io.Writer, dryRun bool) *progressView {
	shown := shownReasons
	if dryRun {
		shown = shownReasonsDryRun
	}
	return &progressView{out: out, shown: shown, terminal: isTerminal(out)}
}

// isTerminal says whether what is read or written is a terminal, and so a person
// sits there.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func (v *progressView) progress(read, total int64) {
	if !v.terminal {
		return
	}
	if v.bar == nil {
		v.bar = progressbar.NewOptions64(total, progressbar.OptionSetWriter(v.out), progressbar.OptionShowBytes(true),
			progressbar.OptionSetPredictTime(true), progressbar.OptionClearOnFinish(), progressbar.OptionSetWidth(30), progressbar.OptionSetDescription("importing"))
	}
	_ = v.bar.Set64(min(read, total)) // a bar that cannot be drawn must not end an import
}

func (v *progressView) rejected(r importer.Reason) {
	if v.rejects++; v.rejects <= v.shown {
		v.printf("line %d is rejected: %s", r.Line, r.Text)
	}
	if v.rejects == v.shown+1 {
		v.printf("more rows are rejected")
	}
}

// waiting says that the server is away for the moment.
func (v *progressView) waiting(err error, pause time.Duration) {
	why := strings.TrimSuffix(err.Error(), ".")
	var unreachable *client.Unreachable
	if errors.As(err, &unreachable) {
		why = "the server does not answer (" + unreachable.Reason() + ")"
	}
	v.printf("%s; trying again in %s", why, pause.Round(10*time.Millisecond))
}

// printf prints a line without leaving half a bar behind.
func (v *progressView) printf(format string, args ...any) {
	v.clear()
	fmt.Fprintf(v.out, format+"\n", args...)
}

func (v *progressView) clear() {
	if v.bar != nil {
		_ = v.bar.Clear()
	}
}

// printSummary tells people what an import came to.
func printSummary(out io.Writer, file string, s importer.Summary) error {
	done := "imported"
	if s.DryRun {
		done = "checked, nothing is written; it would be"
	}
	_, err := fmt.Fprintf(out, "%s: %s %s: %d created, %d updated, %d unchanged; %s rejected, in %.1f s\n",
		file, count(s.Rows, "row", "rows"), done, s.Created, s.Updated, s.Unchanged, count(s.Rejected, "row", "rows"), s.Seconds)
	if err == nil && s.Rejected > 0 && s.DryRun {
		_, err = fmt.Fprintln(out, "An import without --dry-run writes the rejected rows to a file, each with its reasons.")
	}
	if err == nil && s.RejectedFile != "" {
		_, err = fmt.Fprintf(out, "The rejected rows are in %s, each with its reasons. Correct them there and import that file.\n", s.RejectedFile)
	}
	return err
}
