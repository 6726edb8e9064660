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

// tail keeps the last lines, for the status of a plugin that died.
type tail struct {
	mu    sync.Mutex
	lines []string
	size  int
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
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.Join(t.lines, "\n")
}
