package main

import (
	"regexp"
	"slices"
	"strings"
	"time"
)

// suite is the tests of one package.
type suite struct {
	name, path string // within the module; in whole
	began      time.Time
	unbuilt    bool
	seed       string   // of the order of its tests
	said       []string // what belongs to no test
	tests      map[string]*test
	order      []string
}

// test is one test, or one within another.
type test struct {
	name   string
	result string    // pass, fail or skip; "" while it runs
	since  time.Time // when it began or went on; zero while it waits for others
	said   []string
}

func newSuite(name string, start event) *suite {
	return &suite{name: name, path: start.Package, began: start.Time, tests: map[string]*test{}}
}

// lasted is for how long the package has run.
func (s *suite) lasted(now time.Time) time.Duration { return now.Sub(s.began).Round(time.Second) }

// long is how long a test runs before it is named.
const long = 10 * time.Second

// doing names the package, and the test that has run the longest.
func (s *suite) doing(now time.Time) string {
	var longest *test
	for _, name := range s.order { // those within others come after these
		if t := s.tests[name]; t.result == "" && !t.since.IsZero() && (longest == nil || !t.since.After(longest.since) || strings.HasPrefix(name, longest.name+"/")) {
			longest = t
		}
	}
	if longest == nil || now.Sub(longest.since) < long {
		return s.name + " " + s.lasted(now).String()
	}
	return s.name + " " + s.lasted(now).String() + " (" + longest.name + " " + now.Sub(longest.since).Round(time.Second).String() + ")"
}

func (s *suite) isEmpty() bool { return len(s.order) == 0 }

func (s *suite) take(e event) {
	if e.Test == "" {
		if seed, is := strings.CutPrefix(e.Output, "-test.shuffle "); is {
			s.seed = strings.TrimSpace(seed)
		}
		s.said = append(s.said, e.Output)
		return
	}
	t := s.tests[e.Test]
	if t == nil {
		t = &test{name: e.Test}
		s.tests[e.Test] = t
		s.order = append(s.order, e.Test)
	}
	switch e.Action {
	case "run", "cont":
		t.since = e.Time
	case "pause":
		t.since = time.Time{}
	case "output":
		t.said = append(t.said, e.Output)
	case "pass", "fail", "skip":
		t.result = e.Action
	}
}

func (s *suite) counts() (c counts) {
	for _, t := range s.tests {
		switch t.result {
		case "pass":
			c.passed++
		case "fail":
			c.failed++
		case "skip":
			c.skipped++
		}
	}
	return c
}

var (
	// what go test says about how it goes on
	noise = regexp.MustCompile(`^(=== (RUN|PAUSE|CONT|NAME) |PASS\n|FAIL\n|(ok|FAIL|\?) *\t|-test\.shuffle |coverage: )`)
	// a line that ends a test
	verdict = regexp.MustCompile(`^ *--- (PASS|FAIL|SKIP): `)
	// where a line of a test's log was written
	place = regexp.MustCompile(`^\s*\S+\.go:\d+: `)
)

// complaints are what the tests that failed have said, each under its name, and
// what was said when nobody knows by which test.
func (s *suite) complaints() string {
	var b strings.Builder
	for _, name := range s.order {
		t := s.tests[name]
		text := t.text()
		switch {
		case t.result == "fail" && (text != "" || !s.hasFailedWithin(name)):
			b.WriteString("--- FAIL: " + name + "\n" + text)
		case t.result == "" && text != "":
			b.WriteString("--- not finished: " + name + "\n" + text)
		case strings.Contains(text, "DATA RACE"): // tests that run side by side write into each other's output
			b.WriteString("--- while this ran, which need not be the culprit: " + name + "\n" + text)
		}
	}
	for _, line := range s.said {
		if !noise.MatchString(line) {
			b.WriteString(line)
		}
	}
	return b.String()
}

// hasFailedWithin says whether a test failed because of one within it.
func (s *suite) hasFailedWithin(name string) bool {
	return slices.ContainsFunc(s.order, func(other string) bool {
		return strings.HasPrefix(other, name+"/") && s.tests[other].result == "fail"
	})
}

// text is what a test has said itself.
func (t *test) text() string {
	var b strings.Builder
	for _, line := range t.said {
		if !noise.MatchString(line) && !verdict.MatchString(line) {
			b.WriteString(line)
		}
	}
	if text := b.String(); text != "" && !strings.HasSuffix(text, "\n") {
		return text + "\n"
	}
	return b.String()
}

// failed are the tests at the top that failed.
func (s *suite) failed() (names []string) {
	for _, name := range s.order {
		if t := s.tests[name]; !strings.Contains(name, "/") && (t.result == "fail" || t.result == "") {
			names = append(names, name)
		}
	}
	return names
}
