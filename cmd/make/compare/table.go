package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/term"
)

const header = "store   scenario                    clients        base         new  new/base  least  greatest\n"

// row is a line of the table.
func row(store, scenario string, clients int, pairs []pair) string {
	base, new := times(pairs)
	r := ratios(pairs)
	atOnce := fmt.Sprint(clients)
	if clients == 0 {
		atOnce = "-"
	}
	return fmt.Sprintf("%-7s %-27s %7s %11s %11s %9.2f %6.2f %9.2f\n", store, scenario, atOnce, ms(base), ms(new), r.median, r.least, r.greatest)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.3f ms", float64(d.Microseconds())/1000) }

// onTerminal says whether a line can be taken back.
var onTerminal = term.IsTerminal(int(os.Stderr.Fd()))

// progress says what goes on, until done.
func progress(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if onTerminal {
		fmt.Fprintf(os.Stderr, "\r\x1b[K%s ...", text)
		return
	}
	fmt.Fprintf(os.Stderr, "%s ...\n", text)
}

func done() {
	if onTerminal {
		fmt.Fprint(os.Stderr, "\r\x1b[K")
	}
}
