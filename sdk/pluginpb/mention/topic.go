package mention

import (
	"fmt"
	"slices"
	"strings"

	"github.com/openxrm/xrm/schema"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/openxrm/xrm/sdk/pluginpb"
)

// Another is the layer of entities that some other plugin brings, where nobody
// knows which.
const Another = "another plugin"

// CheckTopics returns a line for each topic that names an entity or role and
// something that never happens to records. A plugin may be called like an entity
// that it brings, and publish events of any name: those of others are let pass,
// and its own unless they are one letter off.
func CheckTopics(m *schema.Model, plugin string, topics []string) error {
	var problems strictyaml.Problems
	for _, topic := range topics {
		source, action, _ := strings.Cut(topic, ".")
		e := m.Entity(source)
		if e == nil || action == "*" || slices.Contains(pluginpb.Actions(), action) {
			continue
		}
		near := strictyaml.Nearest(action, pluginpb.Actions(), 1)
		switch published := e.Layer == Layer(source); {
		case e.Layer == Another, published && source != plugin, published && near == "":
			continue
		}
		problems = append(problems, strictyaml.Problem{Message: fmt.Sprintf("topic %q: nothing of that kind happens to records of %s%s%s",
			topic, source, meant(source, action), happens())})
	}
	return problems.Err()
}

// meant names the topic that was probably meant.
func meant(source, action string) string {
	if near := strictyaml.Nearest(action, pluginpb.Actions(), len(action)/3); near != "" {
		return fmt.Sprintf("; did you mean %q? ", source+"."+near)
	}
	return "; "
}

func happens() string {
	actions := pluginpb.Actions()
	last := len(actions) - 1
	return "records are " + strings.Join(actions[:last], ", ") + " or " + actions[last] + ", and * is all of it"
}
