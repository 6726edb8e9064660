package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// pace is how often a log is told what goes on, when there is nothing else to
// say.
const pace = 10 * time.Second

// screen is where progress is shown. A terminal has a last line that changes; a
// log gets a line now and then.
type screen struct {
	mu    sync.Mutex
	to    io.Writer
	width func() int // of a terminal; 0 for a log
	shown bool       // whether the last line is there
	last  time.Time  // when the log was told anything
}

func newScreen(to *os.File) *screen {
	fd := int(to.Fd())
	s := &screen{to: to, width: func() int { return 0 }, last: time.Now()}
	if term.IsTerminal(fd) {
		s.width = func() int {
			width, _, err := term.GetSize(fd)
			if err != nil || width <= 0 { // a terminal that does not say
				return 80
			}
			return width
		}
	}
	return s
}

// say prints text that stays.
func (s *screen) say(text string) {
	if text == "" {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	fmt.Fprint(s.to, text)
	s.last = time.Now()
}

// Write implements io.Writer, for what go says on standard error.
func (s *screen) Write(p []byte) (int, error) {
	s.say(string(p))
	return len(p), nil
}

// status shows what goes on until there is something to say.
func (s *screen) status(text string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if width := s.width(); width > 0 {
		s.clear()
		fmt.Fprint(s.to, cut(text, width-1))
		s.shown = true
	} else if now.Sub(s.last) >= pace {
		fmt.Fprintf(s.to, "... %s\n", text)
		s.last = now
	}
}

func (s *screen) clear() {
	if s.shown {
		fmt.Fprint(s.to, "\r\x1b[K")
		s.shown = false
	}
}

// cut shortens a text to so many characters.
func cut(text string, width int) string {
	runes := []rune(text)
	if width < 0 || len(runes) <= width {
		return text
	}
	return string(runes[:width])
}
