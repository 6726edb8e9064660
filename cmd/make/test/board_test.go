package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var began = time.Date(2027, 3, 14, 15, 9, 26, 0, time.UTC)

// watched is a board of three packages.
func watched(args ...string) *board {
	return newBoard(workload{module: "example.com/x", packages: 3, builds: 40}, args, began)
}

// story feeds the lines of go test -json, and returns what is printed.
func story(t *testing.T, b *board, lines string) string {
	t.Helper()
	var printed strings.Builder
	decode(strings.NewReader(lines), func(e event) { printed.WriteString(b.take(e)) })
	return printed.String()
}

const goodStory = `{"Time":"2027-03-14T15:09:30Z","Action":"start","Package":"example.com/x/core"}
{"Action":"output","Package":"example.com/x/core","Output":"-test.shuffle 17\n"}
{"Action":"run","Package":"example.com/x/core","Test":"TestA"}
{"Action":"output","Package":"example.com/x/core","Test":"TestA","Output":"=== RUN   TestA\n"}
{"Action":"output","Package":"example.com/x/core","Test":"TestA","Output":"    a_test.go:3: nobody needs to know\n"}
{"Action":"pass","Package":"example.com/x/core","Test":"TestA/sub"}
{"Action":"pass","Package":"example.com/x/core","Test":"TestA"}
{"Action":"output","Package":"example.com/x/core","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"example.com/x/core","Test":"TestB","Output":"    a_test.go:9: there is no database: set XRM_TEST_DB\n"}
{"Action":"output","Package":"example.com/x/core","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"example.com/x/core","Test":"TestB"}
{"Action":"output","Package":"example.com/x/core","Output":"PASS\n"}
{"Action":"output","Package":"example.com/x/core","Output":"ok  \texample.com/x/core\t1.25s\n"}
`

func TestAPackageThatIsDoneIsALine(t *testing.T) {
	t.Parallel()
	b := watched("-race", "./...")
	got := story(t, b, goodStory+`{"Action":"pass","Package":"example.com/x/core","Elapsed":1.25}
{"Action":"start","Package":"example.com/x/empty"}
{"Action":"output","Package":"example.com/x/empty","Output":"?   \texample.com/x/empty\t[no test files]\n"}
{"Action":"skip","Package":"example.com/x/empty","Elapsed":0}
`)
	if want := "[1/3] ok   core 1.2s, 2 passed, 1 skipped\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	const want = "\nSkipped:\n    1  there is no database: set XRM_TEST_DB (core)\n\n1 packages in 1m12s\n2 passed, 0 failed, 1 skipped\n"
	if diff := cmp.Diff(want, b.closing(began.Add(72*time.Second))); diff != "" {
		t.Errorf("at the end:\n%s", diff)
	}
}

func TestOfAPackageThatFailsIsToldWhyAndHowItIsRunAgain(t *testing.T) {
	t.Parallel()
	b := watched("-race", "-shuffle=on", "-gcflags=m/...=-d=checkptr=0", "./...")
	got := story(t, b, goodStory+`{"Action":"output","Package":"example.com/x/core","Test":"TestC","Output":"=== RUN   TestC\n"}
{"Action":"output","Package":"example.com/x/core","Test":"TestC/one","Output":"=== RUN   TestC/one\n"}
{"Action":"output","Package":"example.com/x/core","Test":"TestC/one","Output":"    c_test.go:4: got 1\n"}
{"Action":"output","Package":"example.com/x/core","Test":"TestC/one","Output":"        want 2\n"}
{"Action":"output","Package":"example.com/x/core","Test":"TestC/one","Output":"    --- FAIL: TestC/one (0.00s)\n"}
{"Action":"fail","Package":"example.com/x/core","Test":"TestC/one"}
{"Action":"output","Package":"example.com/x/core","Test":"TestC","Output":"--- FAIL: TestC (0.00s)\n"}
{"Action":"fail","Package":"example.com/x/core","Test":"TestC"}
{"Action":"output","Package":"example.com/x/core","Test":"TestD","Output":"=== RUN   TestD\n"}
{"Action":"output","Package":"example.com/x/core","Test":"TestD","Output":"WARNING: DATA RACE\nby goroutine 7"}
{"Action":"pass","Package":"example.com/x/core","Test":"TestD"}
{"Action":"output","Package":"example.com/x/core","Test":"TestE","Output":"=== RUN   TestE\n"}
{"Action":"output","Package":"example.com/x/core","Test":"TestE","Output":"panic: test timed out after 20m0s\n"}
{"Action":"output","Package":"example.com/x/core","Output":"exit status 2\n"}
{"Action":"output","Package":"example.com/x/core","Output":"FAIL\texample.com/x/core\t3.5s\n"}
{"Action":"fail","Package":"example.com/x/core","Elapsed":3.5}
`)
	const want = `[1/3] FAIL core 3.5s, 3 passed, 2 failed, 1 skipped
--- FAIL: TestC/one
    c_test.go:4: got 1
        want 2
--- while this ran, which need not be the culprit: TestD
WARNING: DATA RACE
by goroutine 7
--- not finished: TestE
panic: test timed out after 20m0s
exit status 2
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("printed:\n%s", diff)
	}
	const end = `
FAIL core: TestC, TestE
     again, in the same order: go test -race -shuffle=17 -gcflags=m/...=-d=checkptr=0 ./core
`
	if closing := b.closing(began); !strings.HasPrefix(closing, end) || !strings.HasSuffix(closing, "\n3 passed, 2 failed, 1 skipped\n") {
		t.Errorf("at the end:\n%s", closing)
	}
}

func TestWhatDoesNotCompileIsAFailure(t *testing.T) {
	t.Parallel()
	b := watched("./...")
	got := story(t, b, `{"ImportPath":"example.com/x/core [example.com/x/core.test]","Action":"build-output","Output":"cat >$WORK/b1/importcfg << 'EOF' # internal\n# import config\n"}
{"ImportPath":"example.com/x/core [example.com/x/core.test]","Action":"build-output","Output":"/go/pkg/tool/linux_amd64/compile -o $WORK/b1/_pkg_.a -p core\n"}
{"ImportPath":"example.com/x/core [example.com/x/core.test]","Action":"build-output","Output":"# example.com/x/core [example.com/x/core.test]\n"}
{"ImportPath":"example.com/x/core [example.com/x/core.test]","Action":"build-output","Output":"core/c_test.go:3:31: declared and not used: x\n"}
{"ImportPath":"example.com/x/core [example.com/x/core.test]","Action":"build-fail"}
go: what is no event is shown
{"Action":"start","Package":"example.com/x/core"}
{"Action":"output","Package":"example.com/x/core","Output":"FAIL\texample.com/x/core [build failed]\n"}
{"Action":"fail","Package":"example.com/x/core","Elapsed":0,"FailedBuild":"example.com/x/core [example.com/x/core.test]"}
`)
	const want = `# example.com/x/core [example.com/x/core.test]
core/c_test.go:3:31: declared and not used: x
go: what is no event is shown
[1/3] FAIL core: it does not compile
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("printed:\n%s", diff)
	}
	const end = "\nFAIL core: it does not compile\n\n1 packages in 0s\n0 passed, 1 failed, 0 skipped\n"
	if diff := cmp.Diff(end, b.closing(began)); diff != "" {
		t.Errorf("at the end:\n%s", diff)
	}
}

func TestTheStatusSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	b := watched("./...")
	steps := []struct{ lines, want string }{
		{"", "10s: 0/3 packages"},
		{`{"ImportPath":"strings","Action":"build-output","Output":"mkdir -p $WORK/b1/\n"}
{"ImportPath":"strings","Action":"build-output","Output":"/go/pkg/tool/linux_amd64/compile -o $WORK/b1/_pkg_.a -p strings\n"}
{"ImportPath":"strings","Action":"build-output","Output":"/go/pkg/tool/linux_amd64/link -o $WORK/b1/strings.test\n"}
`, "10s: 0/3 packages; compiled 1/40"},
		{goodStory, "10s: 0/3 packages; compiled 1/40; running core 6s; 3 tests done"},
		{`{"Time":"2027-03-14T15:09:20Z","Action":"run","Package":"example.com/x/core","Test":"TestSlow"}
{"Time":"2027-03-14T15:09:24Z","Action":"run","Package":"example.com/x/core","Test":"TestSlow/part"}
{"Time":"2027-03-14T15:09:10Z","Action":"run","Package":"example.com/x/core","Test":"TestWaits"}
{"Time":"2027-03-14T15:09:10Z","Action":"pause","Package":"example.com/x/core","Test":"TestWaits"}
{"Time":"2027-03-14T15:09:30Z","Action":"run","Package":"example.com/x/core","Test":"TestNew"}
`, "10s: 0/3 packages; compiled 1/40; running core 6s (TestSlow/part 12s); 3 tests done"},
		{`{"Action":"pass","Package":"example.com/x/core","Elapsed":1.25}
{"Time":"2027-03-14T15:09:35Z","Action":"start","Package":"example.com/x/a"}
{"Time":"2027-03-14T15:09:36Z","Action":"start","Package":"example.com/x/b"}
`, "10s: 1/3 packages; running a 1s, b 0s; 3 tests done"},
	}
	for _, step := range steps {
		story(t, b, step.lines)
		if got := b.status(began.Add(10 * time.Second)); got != step.want {
			t.Errorf("status = %q, want %q", got, step.want)
		}
	}
}

func TestALogIsToldNowAndThenAndATerminalAlways(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		width int
		want  string
	}{
		"a log":      {0, "first\n... at 10 seconds\nsecond\n"},
		"a terminal": {8, "first\nat 1 sec\r\x1b[Kat 10 se\r\x1b[Kat 11 se\r\x1b[Ksecond\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			s := &screen{to: &out, width: func() int { return tt.width + min(tt.width, 1) }, last: began}
			now := time.Now()
			s.say("first\n")
			s.last = now
			s.status("at 1 second", now.Add(time.Second))
			s.status("at 10 seconds", now.Add(pace))
			s.status("at 11 seconds", now.Add(pace+time.Second))
			s.say("")
			s.say("second\n")
			if diff := cmp.Diff(tt.want, out.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}
