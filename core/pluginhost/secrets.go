package pluginhost

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/openxrm/xrm/core"
)

// secrets reads secrets from files, DIR/PLUGIN/NAME, and remembers what it has
// given away, to take it out of all that plugins print.
type secrets struct {
	dir string

	mu    sync.RWMutex
	given []string // the longest first
}

func (s *secrets) read(plugin, name string) (string, error) {
	if s.dir == "" || !filepath.IsLocal(name) || strings.ContainsRune(name, filepath.Separator) {
		return "", noSecret(plugin, name, "", nil)
	}
	file := filepath.Join(s.dir, plugin, name)
	data, err := os.ReadFile(file)
	if err != nil {
		return "", noSecret(plugin, name, file, err)
	}
	value := strings.TrimRight(string(data), "\r\n")
	if value == "" {
		return "", noSecret(plugin, name, file, errors.New("the file is empty"))
	}
	s.remember(value)
	return value, nil
}

// noSecret tells the plugin no more than that there is none; the log says where
// it was looked for.
func noSecret(plugin, name, file string, cause error) error {
	if errors.Is(cause, fs.ErrNotExist) {
		cause = fmt.Errorf("there is no file %s", file)
	}
	return &core.Error{
		Code:    core.Unavailable,
		Message: fmt.Sprintf("The secret %s of the plugin %s is not set. An administrator puts it into a file of this name in the folder of the plugin's secrets.", name, plugin),
		Cause:   cause,
	}
}

// How long a secret must be to be told from other words, and a line of one.
const (
	shortest     = 4
	shortestLine = 16
)

// remember notes every form in which a value may be printed: as it is, line by
// line, as a key is, and each within the quotes of Go and of JSON.
func (s *secrets) remember(value string) {
	if len(value) < shortest {
		return
	}
	plain := []string{value}
	for line := range strings.Lines(value) {
		if line = strings.TrimSpace(line); len(line) >= shortestLine {
			plain = append(plain, line)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range plain {
		inJSON, _ := json.Marshal(text) // which no text fails
		for _, form := range []string{text, unquoted(strconv.Quote(text)), unquoted(string(inJSON))} {
			if !slices.Contains(s.given, form) {
				s.given = append(s.given, form)
			}
		}
	}
	// A line must not be taken out of the whole before the whole is.
	slices.SortFunc(s.given, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
}

func unquoted(text string) string { return text[1 : len(text)-1] }

// redact takes every secret that was given away out of a text.
func (s *secrets) redact(text string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, value := range s.given {
		text = strings.ReplaceAll(text, value, "[secret]")
	}
	return text
}
