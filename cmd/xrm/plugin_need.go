package main

import (
	"strings"

	"github.com/openxrm/xrm/core/pluginhost"
)

// needInWords turns a line of what a plugin needs into what it asks to do.
func needInWords(plugin, line string) string {
	kind, what, _ := strings.Cut(line, " ")
	switch kind {
	case "records":
		return "use records of " + what
	case "roles":
		name, rights, _ := strings.Cut(what, ": ")
		return "ship the role " + plugin + "." + name + ", whose keys may do " + rights
	case "rules":
		return "change or refuse what is saved as " + what + ", and refuse its deletion"
	case "events":
		return "be told of " + what
	case "fields":
		return "add fields to " + what
	case "constrains":
		return "bind what anybody saves as " + what + ": its fields there may be required, unique, never to change, a state, numbered or filled in"
	case "http":
		method, path, found := strings.Cut(what, " ")
		if !found {
			method, path = "", what
		}
		return strings.TrimSpace("answer HTTP requests: "+method) + " /plugins/" + plugin + path
	case "secrets":
		return "read the secret " + what
	case "services":
		return "run the service " + what + " for as long as it is installed, on one instance of xrm"
	case "connect":
		return "connect to TCP port " + what + " of any machine"
	case "listen":
		return "listen on TCP port " + what
	case "files":
		return "write to " + what
	case "mail":
		return "send mails in your name, to any address"
	case "asPlugin":
		return "act by itself, for no user"
	}
	return line
}

// warnings are about what can do harm beyond what the words say.
func warnings(n pluginhost.Needs) []string {
	var list []string
	if n.AsPlugin {
		list = append(list, "where it acts by itself, it may use these records whatever the user's roles say")
	}
	if len(n.Constrains) > 0 {
		list = append(list, "a save that does not fit its fields is refused for everybody, also while the plugin is down; xrm plugin disable ends that")
	}
	if len(n.HTTP) > 0 {
		list = append(list, "who sends it HTTP requests needs no key: only the plugin can tell whether they are genuine")
	}
	if len(n.Connect) > 0 {
		list = append(list, "what it can read, it can send to any machine that listens on these ports")
	}
	if len(n.Files) > 0 {
		list = append(list, "what it writes into these folders, other programs may read or run")
	}
	return list
}
