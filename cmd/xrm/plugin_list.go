package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/openxrm/xrm/cmd/xrm/client"
	"github.com/openxrm/xrm/core"
	"github.com/openxrm/xrm/core/pluginhost"
	"github.com/spf13/cobra"
)

func (p *program) pluginListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Say how the plugins of a running server are doing",
		Long: `Asks the server, with an administrator's key. Below a plugin stands what keeps it
from serving, what keeps a new version of it from running, which of its calls have
failed since its process began, why events are sent to it again, which of its jobs
run or have failed, and on which instance each of its services runs.

WAITING are the events that are on their way to it, DEAD those that it could not
handle: see xrm plugin dead-letters. What the states mean is told in
core/pluginhost/README.md.`,
		Example: `  xrm plugin list
  XRM_KEY=$(cat admin.key) xrm plugin list --server https://xrm.example.org --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := loadConfig(cmd.Flags(), p.environ)
			if err != nil {
				return err
			}
			return p.listPlugins(cmd.Context(), config, asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON, with all jobs, and why services have failed that run again")
	configFlags(cmd.Flags(), "server", "keyFile", "data")
	return cmd
}

// listedPlugin is what `plugin list --json` prints.
type listedPlugin struct {
	Name      string    `json:"name"`
	Version   string    `json:"version,omitempty"`
	State     string    `json:"state"`
	Since     time.Time `json:"since"`
	Reason    string    `json:"reason,omitempty"`
	Update    string    `json:"update,omitempty"`
	Restarts  int       `json:"restarts"`
	LastError string    `json:"lastError,omitempty"`
	Panic     string    `json:"panic,omitempty"`

	Failed []listedFailure `json:"failed"`
	Events backlog         `json:"events"`
	Jobs   []listedJob     `json:"jobs"`

	Services []listedService `json:"services"`
}

type listedFailure struct {
	Call      string    `json:"call"`
	Count     int       `json:"count"`
	LastAt    time.Time `json:"lastAt"`
	LastError string    `json:"lastError"`
}

type backlog struct {
	Waiting   int        `json:"waiting"`
	Dead      int        `json:"dead"`
	OldestDue *time.Time `json:"oldestDue,omitempty"`
	LastError string     `json:"lastError,omitempty"`
}

type listedJob struct {
	Name       string     `json:"name"`
	Schedule   string     `json:"schedule,omitempty"`
	NextAt     *time.Time `json:"nextAt,omitempty"`
	StartedAt  *time.Time `json:"startedAt,omitempty"`
	FinishedAt *time.Time `json:"finishedAt,omitempty"`
	Outcome    string     `json:"outcome"`
	Error      string     `json:"error,omitempty"`
	Done       long       `json:"done"`
	Total      long       `json:"total"`
	Note       string     `json:"note,omitempty"`
}

type listedService struct {
	Name      string     `json:"name"`
	State     string     `json:"state"`
	Instance  string     `json:"instance,omitempty"`
	Since     *time.Time `json:"since,omitempty"`
	LastError string     `json:"lastError,omitempty"`
	FailedAt  *time.Time `json:"failedAt,omitempty"`
}

const pluginsQuery = `{ plugins { name version state since reason update restarts lastError panic
	failed { call count lastAt lastError }
	events { waiting dead oldestDue lastError }
	jobs { name schedule nextAt startedAt finishedAt outcome error done total note }
	services { name state instance since lastError failedAt } } }`

func (p *program) listPlugins(ctx context.Context, c Config, asJSON bool) error {
	var answer struct{ Plugins []listedPlugin }
	if err := p.ask(ctx, c, client.Request{Query: pluginsQuery}, &answer); err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(p.out).Encode(append([]listedPlugin{}, answer.Plugins...)) // a list, also of none
	}
	if len(answer.Plugins) == 0 {
		_, err := fmt.Fprintln(p.out, "The server has no plugins. It looks for them in the folder that its --plugins (XRM_PLUGINS) names.")
		return err
	}
	return printPlugins(p.out, answer.Plugins, likesColors(p.out))
}

func printPlugins(out io.Writer, plugins []listedPlugin, colored bool) error {
	var text bytes.Buffer
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tVERSION\tSTATE\tSINCE\tRESTARTS\tWAITING\tDEAD")
	for _, one := range plugins {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d\t%d\n", one.Name, printable(one.Version), one.State, one.Since.Format(time.DateTime), one.Restarts, one.Events.Waiting, one.Events.Dead)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	rows := strings.SplitAfter(text.String(), "\n")
	var b strings.Builder
	b.WriteString(rows[0])
	for i, one := range plugins {
		row := rows[i+1]
		if color := one.color(); colored && color != "" {
			row = "\x1b[" + color + "m" + strings.TrimSuffix(row, "\n") + "\x1b[0m\n"
		}
		b.WriteString(row)
		for _, remark := range one.remarks() {
			indent := "    "
			for line := range strings.SplitSeq(remark, "\n") {
				b.WriteString(indent + printable(line) + "\n")
				indent = "      " // so that no line passes for another remark
			}
		}
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// color is that of a plugin which somebody should look at: red when it does not
// answer, yellow when it soon will or does so in part.
func (l listedPlugin) color() string {
	switch pluginhost.State(l.State) {
	case pluginhost.Serving, pluginhost.Disabled, pluginhost.Removed, pluginhost.Stopped:
		return ""
	case pluginhost.Backoff, pluginhost.CrashLoop, pluginhost.Invalid, pluginhost.Incompatible, pluginhost.Misconfigured:
		return "31"
	}
	return "33"
}

// remarks are what a person should know beyond the row.
func (l listedPlugin) remarks() []string {
	var list []string
	if l.Reason != "" {
		list = append(list, brief(l.Reason))
	}
	if l.State != string(pluginhost.Serving) && l.LastError != "" {
		list = append(list, brief(strings.TrimPrefix(l.LastError, strings.ToLower(l.State)+": ")))
	}
	if l.Update != "" {
		list = append(list, "update: "+brief(l.Update))
	}
	for _, f := range l.Failed {
		list = append(list, fmt.Sprintf("%s failed %s at %s: %s", f.Call, times(f.Count), f.LastAt.Format(time.DateTime), brief(strings.TrimPrefix(f.LastError, f.Call+": "))))
	}
	if pluginhost.State(l.State) == pluginhost.CrashLoop {
		list = append(list, "it is started again once a minute, and at once with: xrm plugin reload "+l.Name)
	}
	if l.Events.Dead > 0 {
		list = append(list, "what became of its dead events says: xrm plugin dead-letters "+l.Name)
	}
	if l.Events.LastError != "" {
		list = append(list, "events are sent again: "+brief(l.Events.LastError))
	}
	for _, j := range l.Jobs {
		switch core.Outcome(j.Outcome) {
		case core.Running:
			list = append(list, strings.TrimSpace(fmt.Sprintf("job %s runs: %s %s", j.Name, progress(j.Done, j.Total), brief(j.Note))))
		case core.Failed:
			list = append(list, fmt.Sprintf("job %s failed: %s", j.Name, brief(j.Error)))
		}
	}
	for _, s := range l.Services {
		list = append(list, s.remark())
	}
	return list
}

func (s listedService) remark() string {
	switch core.ServiceState(s.State) {
	case core.ServiceRunning:
		return fmt.Sprintf("service %s runs on %s since %s", s.Name, s.Instance, s.Since.Format(time.DateTime))
	case core.ServiceFailed:
		return fmt.Sprintf("service %s failed at %s and is begun again: %s", s.Name, s.Since.Format(time.DateTime), brief(s.LastError))
	}
	return fmt.Sprintf("service %s runs on no instance", s.Name)
}

func times(n int) string {
	if n == 1 {
		return "once,"
	}
	return fmt.Sprintf("%d times, last", n)
}

// long is a number that the API answers as a text, and --json as a number.
type long int64

// UnmarshalJSON takes both.
func (n *long) UnmarshalJSON(text []byte) error {
	return json.Unmarshal(bytes.Trim(text, `"`), (*int64)(n))
}

func progress(done, total long) string {
	if total == 0 {
		return fmt.Sprint(done)
	}
	return fmt.Sprintf("%d of %d", done, total)
}

// brief leaves the middle of a long text to --json: what went wrong stands at the
// beginning, and in the traceback of a script at its end.
func brief(text string) string {
	const first, last = 6, 4
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > first+last+1 {
		lines = slices.Concat(lines[:first], []string{"…"}, lines[len(lines)-last:])
	}
	return strings.Join(lines, "\n")
}

// printable keeps what a plugin says in its place on the terminal: it cannot
// begin another line, or give the terminal commands.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}
