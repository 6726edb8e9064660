package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// change is one file.
type change struct {
	file string
	text string // without the newline at its end
}

var fileName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*\.md$`)

// readChanges reads a folder, sorted by the names of its files. It says of all
// files at once what is wrong with them.
func readChanges(folder string) ([]change, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var changes []change
	var errs []error
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") { // keeps the folder when it is empty
			continue
		}
		file := filepath.Join(folder, entry.Name())
		text, err := os.ReadFile(file)
		if err == nil {
			err = check(entry.Name(), string(text))
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
			continue
		}
		changes = append(changes, change{file, strings.TrimRight(string(text), "\n")})
	}
	return changes, errors.Join(errs...)
}

// widest is how long a line may be, in characters.
const widest = 140

func check(name, text string) error {
	if !fileName.MatchString(name) {
		return errors.New("name it for the change, in lower-case letters, digits and hyphens: plugin-build.md")
	}
	if strings.TrimSpace(text) == "" {
		return errors.New("it is empty; say what was wrong and what is now")
	}
	for i, line := range strings.Split(text, "\n") {
		switch {
		case utf8.RuneCountInString(line) > widest:
			return fmt.Errorf("line %d is longer than %d characters; break it", i+1, widest)
		case strings.HasPrefix(line, "#"):
			return fmt.Errorf("line %d is a heading; a change is an item in a list", i+1)
		case i == 0 && (strings.HasPrefix(line, "- ") || strings.HasPrefix(line, "* ")):
			return errors.New("it is written as a list; make changelog makes the item")
		case strings.TrimRight(line, " \t") != line:
			return fmt.Errorf("line %d ends with a space", i+1)
		}
	}
	return nil
}
