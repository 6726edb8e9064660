package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/budget"
	"github.com/openxrm/xrm/core/fairqueue"
	"github.com/openxrm/xrm/core/graphql"
	"github.com/openxrm/xrm/core/graphql/execution"
	"github.com/openxrm/xrm/core/graphql/transport"
	"github.com/openxrm/xrm/core/record"
	"github.com/openxrm/xrm/core/sqlite"
	"github.com/openxrm/xrm/core/web"
	"github.com/openxrm/xrm/schema"
)

// limitsInWords is the one table of all limits, made of those that hold.
func limitsInWords(c Config) string {
	shares, values, queue := budget.For(100), execution.DefaultLimits(), fairqueue.DefaultLimits()
	number := func(n int) string { // 100,000
		text := fmt.Sprint(n)
		for at := len(text) - 3; at > 0; at -= 3 {
			text = text[:at] + "," + text[at:]
		}
		return text
	}
	mib := func(bytes int) string { return fmt.Sprintf("%d MiB", bytes>>20) }
	kib := func(bytes int) string { return fmt.Sprintf("%d KiB", bytes>>10) }
	within := func(d time.Duration) string {
		if d%time.Minute == 0 {
			return fmt.Sprintf("%.0f min", d.Minutes())
		}
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	table := "| what | how much | setting |\n|---|---|---|\n"
	for _, row := range [][3]string{
		{"a request to the API", mib(c.Limits.BodyBytes) + ", " + within(c.Timeout.Request), "`limits.bodyBytes`, `timeout.request`"},
		{"its body", within(c.Timeout.Body) + " to arrive", "`timeout.body`"},
		{"its document", fmt.Sprintf("%s bytes, %d levels, cost %s", number(c.Limits.DocumentBytes), c.Limits.Depth, number(c.Limits.Cost)), "`limits.documentBytes`, `limits.depth`, `limits.cost`"},
		{"fields and aliases of a document", number(values.Fields) + " and " + number(values.Aliases), "none"},
		{"a page, a count", fmt.Sprintf("%d records, up to %s", c.Limits.Page, number(c.Limits.Count)), "`limits.page`, `limits.count`"},
		{"a list or a figure", within(sqlite.Longest), "none"},
		{"the records that are looked at for a page", number(sqlite.Farthest), "an index: [indexes](../../schema/README.md)"},
		{"records in one mutation", number(graphql.DefaultMaxBatch), "none"},
		{"records of them that others wait for (SQLite)", number(sqlite.RowsAtOnce), "none"},
		{"an answer", number(values.Values) + " values, " + mib(execution.MaxAnswerBytes), "none"},
		{"an answer that is not read", within(transport.DefaultPatience) + ", and as long again for each 640 KiB", "none"},
		{"what one request holds in memory", fmt.Sprintf("a sixth of what all do, %s at most", mib(int(budget.MaxRequest))), "`limits.requestMemory`"},
		{"what the requests of one key hold", "a third of what all do", "`limits.keyMemory`"},
		{"what the callbacks and endpoints of one plugin hold", "a third of what all do", "`limits.keyMemory`"},
		{"what all requests hold", fmt.Sprintf("%d %% of the memory of the server", shares.Server), "`limits.totalMemory`, `GOMEMLIMIT`"},
		{"the memory of the server", fmt.Sprintf("%.0f %% of that of its cgroup, or of the machine", shareOfMemory*100), "`GOMEMLIMIT`, `MemoryMax`"},
		{"heavy requests of one key, which cost more than " + number(queue.HeavyCost), fmt.Sprintf("%d that run or wait", queue.HeavyPerKey), "none"},
		{"other requests of one key that wait", number(queue.WaitingOfKey), "none"},
		{"a text of a record", mib(schema.MaxText) + " unless its `max` says otherwise", "`max` of its field"},
		{"an uploaded file", mib(c.Limits.FileBytes) + ", as long as it does not stand still for " + within(web.FileStall), "`limits.fileBytes`, `maxSize` of its field"},
		{"uploads at once", fmt.Sprintf("%d, of one key %d", web.MaxUploads, web.MaxUploadsOfOne), "none"},
		{"room that uploads leave to the database (SQLite)", mib(sqlite.Spared) + ", or a twentieth of the disk if that is less", "none"},
		{"an upload that no record has", fmt.Sprintf("%.0f hours", core.FileKept.Hours()), "none"},
		{"connections", number(c.Limits.Connections) + ", one open file each; more wait", "`limits.connections`, `LimitNOFILE`"},
		{"a connection without a request", within(idleTimeout), "none"},
		{"subscriptions of all clients", number(c.Limits.Subscriptions) + ", one open file or more each", "`limits.subscriptions`, `LimitNOFILE`"},
		{"telling a key that a record which it may not see has a unique value", fmt.Sprintf("%d times a minute", record.MaxGuesses), "none: [what errors tell](../../core/access/README.md#what-errors-tell)"},
		{"operations on one WebSocket", number(transport.MaxRunning), "none"},
		{"events that wait for a client", fmt.Sprintf("%d, %s", transport.MaxWaiting, mib(transport.MaxWaitingBytes)), "none"},
		{"the header of a request", kib(maxHeaderBytes) + ", " + within(headerTimeout) + " to arrive", "none"},
		{"a request as a whole", within(readTimeout) + " to arrive", "none"},
		{"a request to a plugin", mib(web.MaxPluginBody) + ", " + within(readTimeout), "none"},
		{"calls to one plugin at once", "`limits.concurrency` of its manifest", "in `NAME.yaml`"},
		{"waiting for the database, for plugins at the start", within(c.Timeout.Store) + ", " + within(c.Timeout.Plugin), "`timeout.store`, `timeout.plugin`"},
	} {
		table += "| " + strings.Join(row[:], " | ") + " |\n"
	}
	return table
}

func TestTheTableOfLimitsIsThatOfTheProgram(t *testing.T) {
	const file, begin, end = "PRODUCTION.md", "<!-- limits -->\n", "<!-- /limits -->"
	head, rest, _ := strings.Cut(read(t, file), begin)
	got, tail, found := strings.Cut(rest, end)
	if !found {
		t.Fatal("the marks of the table are missing")
	}
	switch want := limitsInWords(defaultConfig()); {
	case got == want:
	case *update:
		write(t, file, head+begin+want+end+tail)
		got = want
	default:
		t.Errorf("the table of limits is not current; run go test ./cmd/xrm -run Limits -update; want\n%s", want)
	}
	for _, s := range settingsOf(defaultConfig()) {
		if strings.HasPrefix(s.key, "limits.") && !strings.Contains(got, "`"+s.key+"`") {
			t.Errorf("the table of limits does not have %s", s.key)
		}
	}
}
