package record

import (
	"strconv"
	"testing"
	"time"
)

// What is remembered is bounded, however many actors guess; of more than that
// nobody is told anything.
func TestGuessersAreForgottenAndNotWithoutLimit(t *testing.T) {
	var g guesses
	now := time.Date(2026, 2, 28, 9, 30, 0, 0, time.UTC)
	for i := range maxGuessers {
		if wait := g.tell(strconv.Itoa(i), now); wait != 0 {
			t.Fatalf("actor %d waits %s", i, wait)
		}
	}
	if wait := g.tell("one more", now); wait != guessWindow {
		t.Errorf("one more waits %s, want %s", wait, guessWindow)
	}
	if wait := g.tell("0", now); wait != 0 {
		t.Errorf("one who is known waits %s, want not", wait)
	}
	now = now.Add(guessWindow)
	if wait := g.tell("one more", now); wait != 0 || len(g.told) != 1 {
		t.Errorf("a minute later one more waits %s, and %d are remembered; want none but that one", wait, len(g.told))
	}
}
