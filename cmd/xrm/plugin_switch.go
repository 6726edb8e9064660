package main

import (
	"fmt"
	"time"

	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/spf13/cobra"
)

// switchCommands write into the file of approvals what a server is to do with a
// plugin.
func (p *program) switchCommands() []*cobra.Command {
	return []*cobra.Command{
		p.switchCommand("disable", "Stop a plugin and keep it from running",
			`Stops a plugin until it is enabled. Its records stay; its operations, fields and
rules do not: what it has refused is saved meanwhile. The fields that it added to
the records of others stay, and bind nobody meanwhile. That holds for all servers
on the database, into which it is written itself if the plugin is not in PLUGINS.`, disable),
		p.switchCommand("enable", "Let a plugin run again that was disabled",
			`Takes back xrm plugin disable. What has never been approved does not run by that.`, enable),
		p.switchCommand("reload", "Start a plugin anew, also one that the server has given up",
			`Has a running server start a new process of the plugin, which takes over from the
old one once it serves.`, reload),
	}
}

// switched does something with a plugin, and says what is so then. trusted says
// that the server is known to ask for no approval.
type switched func(a pluginhost.Approvals, name string, now pluginhost.Approval, trusted bool) (string, error)

func disable(a pluginhost.Approvals, name string, now pluginhost.Approval, _ bool) (string, error) {
	if now.Disabled {
		return name + " is disabled already, and does not run; let it run again with: xrm plugin enable " + name, nil
	}
	return name + " is disabled. A running server stops it within two seconds.", a.Disable(name)
}

// enable notes the moment also when the file says nothing of disabled: the plugin
// may have been disabled on another instance.
func enable(a pluginhost.Approvals, name string, now pluginhost.Approval, trusted bool) (string, error) {
	switch idle := fmt.Sprintf("%s is not disabled here; if it was on another server or in the database, that is taken back within two seconds. ", name); {
	case !now.Disabled && runs(now, trusted):
		return idle + "If it does not run, xrm plugin list says why; xrm plugin reload " + name + " starts it anew.", a.Enable(name, time.Now())
	case !now.Disabled:
		return idle + unapproved(name), a.Enable(name, time.Now())
	case runs(now, trusted):
		return name + " is enabled. A running server starts it within two seconds.", a.Enable(name, time.Now())
	}
	return name + " is enabled. " + unapproved(name), a.Enable(name, time.Now())
}

func reload(a pluginhost.Approvals, name string, now pluginhost.Approval, trusted bool) (string, error) {
	switch {
	case now.Disabled:
		return "", fmt.Errorf("%s is disabled, and so there is nothing to start anew; let it run again with: xrm plugin enable %s", name, name)
	case runs(now, trusted):
		return "A running server starts " + name + " anew within two seconds.", a.Restart(name, time.Now())
	}
	return name + " is to start anew. " + unapproved(name), a.Restart(name, time.Now())
}

// runs says whether a plugin runs once it is not disabled.
func runs(a pluginhost.Approval, trusted bool) bool { return trusted || a.Folder != "" }

func unapproved(name string) string {
	return "Nobody has approved it, so only a server with --trust any runs it; look at what it asks for, and let it run, with: xrm plugin approve " + name
}

func (p *program) switchCommand(verb, short, long string, do switched) *cobra.Command {
	cmd := &cobra.Command{
		Use:     verb + " NAME",
		Short:   short,
		Long:    long + "\n\nIt is written to PLUGINS/approved.yaml. How the plugin is doing then, xrm plugin list\ntells.",
		Example: "  xrm plugin " + verb + " complaints",
		Args:    one("the name of a plugin"),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			if _, err := somePlugins(config, args); err != nil {
				if verb == "disable" && config.Store != "memory" {
					return p.endPlugin(cmd.Context(), config, args[0], core.EndedDisabled, err)
				}
				return err
			}
			approvals := pluginhost.Approvals{Plugins: config.Plugins}
			now, err := approvals.Find(args[0])
			if err != nil {
				return err
			}
			done, err := do(approvals, args[0], now, config.Trust == string(pluginhost.TrustAny))
			if err == nil {
				_, err = fmt.Fprintln(p.out, done)
			}
			return err
		},
	}
	configFlags(cmd.Flags(), "plugins", "data", "store")
	return cmd
}
