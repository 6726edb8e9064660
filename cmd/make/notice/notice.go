package main

import (
	"fmt"
	"strings"
)

// notice lists modules with their licenses, and then each text once, however many
// modules have it.
func notice(modules []module) string {
	var b strings.Builder
	b.WriteString("xrm is licensed under the Apache License 2.0, see LICENSE.\n\n" +
		"Its programs are linked with the following. The texts of the licenses are below.\n" +
		"The licenses of the page at /graphql stand at the end of its script.\n\n")
	of, texts := map[string][]string{}, []string{}
	for _, m := range modules {
		name := strings.TrimSpace(m.Path + " " + m.Version)
		fmt.Fprintf(&b, "  %s: %s\n", name, strings.Join(m.licenses, ", "))
		for _, p := range m.papers {
			if of[p.text] == nil {
				texts = append(texts, p.text)
			}
			of[p.text] = append(of[p.text], name+" ("+p.name+")")
		}
	}
	for _, text := range texts {
		fmt.Fprintf(&b, "\n%s\n%s\n\n%s\n", strings.Repeat("-", 80), strings.Join(of[text], "\n"), text)
	}
	return b.String()
}
