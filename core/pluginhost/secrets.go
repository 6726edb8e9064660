package pluginhost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/openxrm/xrm/core"
)

// secrets reads secrets from files, DIR/PLUGIN/NAME, and remembers what it has
// given away, to take it out of all that plugins print.
type secrets struct {
	dir string

	mu    sync.RWMutex
	given []string
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

// remember keeps a secret as it may be printed: as it is, line by line, and as
// it stands in JSON.
func (s *secrets) remember(value string) {
	if len(value) < shortest {
		return
	}
	forms := []string{value}
	for line := range strings.Lines(value) {
		if line = strings.TrimSpace(line); len(line) >= shortestLine {
			forms = append(forms, line)
		}
	}
	for _, form := range slices.Clone(forms) {
		forms = append(forms, inJSON(form, false), inJSON(form, true))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, form := range forms {
		if !slices.Contains(s.given, form) {
			s.given = append(s.given, form)
		}
	}
	slices.SortFunc(s.given, func(a, b string) int { return len(b) - len(a) }) // none hides the rest of a longer one
}

// inJSON is a text as it stands in JSON between the quotes; html is how
// json.Marshal writes it.
func inJSON(text string, html bool) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(html)
	if err := encoder.Encode(text); err != nil {
		panic(err) // a string
	}
	encoded := strings.TrimSpace(b.String())
	return encoded[1 : len(encoded)-1]
}

// redact takes every secret that was given away out of a text.
func (s *secrets) redact(text string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, value := range s.given {
		text = strings.ReplaceAll(text, value, "[secret]")
	}
	return text
}
