package pluginhost

import (
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

// shortest is how long a secret must be to be told from other words.
const shortest = 4

func (s *secrets) remember(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(value) >= shortest && !slices.Contains(s.given, value) {
		s.given = append(s.given, value)
	}
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
