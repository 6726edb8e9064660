package mention

import (
	"errors"
	"fmt"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/naming"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Another is the layer of entities that some other plugin brings, where nobody
// knows which.
const Another = "another plugin"

// CheckDescription returns a line for all that a plugin mentions, or waits for in
// its topics, and the model does not have: where all plugins that it works with
// are known.
func CheckDescription(m *schema.Model, d *pluginpb.DescribeResponse) error {
	return errors.Join(Check(m, In(d)), CheckTopics(m, d.GetName(), d.GetSubscriptions()), UnmetTopics(m, d.GetName(), d.GetSubscriptions()))
}

// CheckTopics returns a line for each topic that names something which never
// happens to records: of the shipped entities, of the site's, and of the plugin's
// own. A plugin that is called like its entity may publish events of any name, so
// there only what is one letter off is taken for a mistake.
func CheckTopics(m *schema.Model, plugin string, topics []string) error {
	var problems strictyaml.Problems
	for _, topic := range topics {
		source, action, _ := strings.Cut(topic, ".")
		e := m.Entity(source)
		if e == nil || known(action) || ofAnother(e, plugin) || e.Layer == Layer(source) && strictyaml.Nearest(action, naming.Actions(), 1) == "" {
			continue
		}
		problems = append(problems, never(topic))
	}
	return problems.Err()
}

// UnmetTopics returns a line for each topic of which nothing is told as things
// are, though that may change with the other plugins: of an entity that is not
// there, or of something that never happens to records of theirs.
func UnmetTopics(m *schema.Model, plugin string, topics []string) error {
	var problems strictyaml.Problems
	var missing []Mention
	for _, topic := range topics {
		source, action, _ := strings.Cut(topic, ".")
		switch e := m.Entity(source); {
		case e == nil && source != plugin && naming.IsAction(action): // which no plugin may publish
			missing = append(missing, Mention{Where: fmt.Sprintf("topic %q", topic), Entity: source})
		case e != nil && !known(action) && ofAnother(e, plugin) && e.Layer != Another && e.Layer != Layer(source):
			problems = append(problems, never(topic))
		}
	}
	return errors.Join(Check(m, missing), problems.Err())
}

func known(action string) bool { return action == "*" || naming.IsAction(action) }

func ofAnother(e *schema.Entity, plugin string) bool {
	return e.Layer == Another || strings.HasPrefix(e.Layer, Layer("")) && e.Layer != Layer(plugin)
}

func never(topic string) strictyaml.Problem {
	source, action, _ := strings.Cut(topic, ".")
	return strictyaml.Problem{Message: fmt.Sprintf("topic %q: nothing of that kind happens to records of %s%s%s", topic, source, meant(source, action), happens())}
}

// meant names the topic that was probably meant.
func meant(source, action string) string {
	if near := strictyaml.Nearest(action, naming.Actions(), len(action)/3); near != "" {
		return fmt.Sprintf("; did you mean %q? ", source+"."+near)
	}
	return "; "
}

func happens() string {
	actions := naming.Actions()
	last := len(actions) - 1
	return "records are " + strings.Join(actions[:last], ", ") + " or " + actions[last] + ", and * is all of it"
}
