// Compare measures two versions of xrm against each other: that of a commit,
// and the one in the working tree. It builds both, fills a server of each with
// the same records, and drives them by turns over HTTP, so that whatever else
// the machine does hits both.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/openxrm/xrm/cmd/make/compare/workload"
)

// options are how much is measured.
type options struct {
	base    string // the commit
	stores  []string
	only    *regexp.Regexp
	pairs   int           // of turns, for each scenario
	turn    time.Duration // how long one lasts, about
	records int           // customers that a server is filled with
	atMost  time.Duration
}

func main() {
	o := options{}
	stores, only := flag.String("stores", "memory,sqlite", "stores to measure on"), flag.String("only", "", "regular expression for the scenarios to measure")
	flag.IntVar(&o.pairs, "pairs", 15, "pairs of turns for each scenario")
	flag.DurationVar(&o.turn, "turn", 250*time.Millisecond, "about how long one turn lasts")
	flag.IntVar(&o.records, "records", 2000, "customers to fill each server with, 200 at least")
	flag.DurationVar(&o.atMost, "at-most", 40*time.Minute, "when to give up")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, `usage: make bench BASE=COMMIT [BENCH="-pairs 5 -turn 100ms"]`)
		flag.PrintDefaults()
	}
	flag.Parse()
	var err error
	if o.only, err = regexp.Compile(*only); err != nil || flag.NArg() != 1 || o.pairs < 1 || o.records < 200 {
		flag.Usage()
		os.Exit(2)
	}
	o.base, o.stores = flag.Arg(0), strings.Split(*stores, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, o.atMost, fmt.Errorf("it is not done after %s (-at-most)", o.atMost))
	defer cancel()
	if err := compare(ctx, o); err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		fmt.Fprintln(os.Stderr, err)
		stop()
		os.Exit(1)
	}
}

// measuresSomething refuses a pattern that fits nothing, before anything is built
// for it.
func (o options) measuresSomething() error {
	var names []string
	for _, scenario := range workload.Scenarios() {
		names = append(names, scenario.Name)
	}
	for _, load := range workload.Loads() {
		names = append(names, load.Name)
	}
	for _, entities := range startsWith {
		names = append(names, startName(entities))
	}
	if slices.ContainsFunc(names, o.only.MatchString) {
		return nil
	}
	return fmt.Errorf("-only %s fits none of: %s", o.only, strings.Join(names, ", "))
}
