package pluginhost

import (
	"bufio"
	"io"
	"strings"
	"sync"
)

// maxLine is how much of a line is kept; the rest is read and thrown away, so
// that no plugin ever blocks on a full pipe.
const maxLine = 8 << 10

// eachLine calls f for every line until r ends, whatever is in it.
func eachLine(r io.Reader, f func(line string)) {
	lines := bufio.NewReaderSize(r, maxLine)
	for {
		line, more, err := lines.ReadLine()
		if err != nil {
			return
		}
		text := strings.ToValidUTF8(strings.TrimRight(string(line), "\r"), "\uFFFD")
		for more && err == nil {
			_, more, err = lines.ReadLine()
		}
		f(text)
	}
}

// tail keeps the last lines, for the status of a plugin that died, and the
// last panic from its first line on, which may be long gone from the tail.
type tail struct {
	mu    sync.Mutex
	lines []string
	size  int
	last  []string // the panic, goroutine by goroutine or frame by frame
}

const maxTail = 4 << 10

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lines = append(t.lines, cut(line, maxTail/2))
	t.size += len(t.lines[len(t.lines)-1])
	for t.size > maxTail {
		t.size -= len(t.lines[0])
		t.lines = t.lines[1:]
	}
	if beginsPanic(line) {
		t.last = []string{}
	}
	if t.last != nil && len(t.last) < maxPanic {
		t.last = append(t.last, cut(line, 200))
	}
}

// maxPanic is how many lines of a panic are kept: the goroutine that it was in.
const maxPanic = 40

// beginsPanic knows the first lines of Go, Python and Node.js.
func beginsPanic(line string) bool {
	for _, start := range []string{"panic: ", "fatal error: ", "Traceback (most recent call last):", "Uncaught "} {
		if strings.HasPrefix(line, start) {
			return true
		}
	}
	return false
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}

// panic returns the last panic or traceback, "" when there was none.
func (t *tail) panic() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.last, "\n")
}
