package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

var version = regexp.MustCompile(`^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)

// fold makes the section of a version, which becomes the first of
// root/CHANGELOG.md. It changes nothing when a file is not what it should be.
func fold(root, name string, released time.Time) error {
	if !version.MatchString(name) {
		return fmt.Errorf("%q is no version; write it as it will be tagged: make changelog VERSION=v1.2.3", name)
	}
	changes, err := readChanges(filepath.Join(root, ".changes", "unreleased"))
	if err != nil {
		return err
	}
	if len(changes) == 0 {
		return errors.New("nothing is in .changes/unreleased: there is nothing to release, or it is in CHANGELOG.md already")
	}
	file := filepath.Join(root, "CHANGELOG.md")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	whole, err := insert(string(text), name, section(name, released, changes))
	if err != nil {
		return err
	}
	if err := os.WriteFile(file, []byte(whole), 0o644); err != nil {
		return err
	}
	for _, c := range changes {
		if err := os.Remove(c.file); err != nil {
			return err
		}
	}
	return nil
}

// section is a list, with an item for each change.
func section(name string, released time.Time, changes []change) string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s, %s\n\n", name, released.Format(time.DateOnly))
	for _, c := range changes {
		lines := strings.Split(c.text, "\n")
		for i, line := range lines {
			switch {
			case i == 0:
				line = "- " + line
			case line != "":
				line = "  " + line
			}
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// insert puts a section before all others.
func insert(text, name, section string) (string, error) {
	if strings.Contains(text, "\n## "+name+",") {
		return "", fmt.Errorf("CHANGELOG.md has a section %s already; name the next version", name)
	}
	intro, older, hasOlder := strings.Cut(text, "\n## ")
	intro = strings.TrimRight(intro, "\n") + "\n\n"
	if !hasOlder {
		return intro + section, nil
	}
	return intro + section + "\n## " + older, nil
}
