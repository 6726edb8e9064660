package pluginhost

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/openxrm/xrm/sdk/pluginpb"
	"google.golang.org/protobuf/proto"
)

// cache keeps the last description of every plugin, so that its entities and
// fields are there when it does not start. "" keeps nothing.
type cache string

func (c cache) path(name string) string { return filepath.Join(string(c), name+".description") }

// load returns nil when there is nothing of use.
func (c cache) load(m Manifest) *Contribution {
	if c == "" {
		return nil
	}
	data, err := os.ReadFile(c.path(m.Name))
	if err != nil {
		return nil
	}
	var d pluginpb.DescribeResponse
	if proto.Unmarshal(data, &d) != nil {
		return nil
	}
	known, err := contribution(m, &d)
	if err != nil {
		return nil // of another version
	}
	return known
}

func (c cache) store(m Manifest, d *pluginpb.DescribeResponse) error {
	if c == "" {
		return nil
	}
	data, err := proto.Marshal(d)
	if err == nil {
		err = os.MkdirAll(string(c), 0o700)
	}
	temporary := c.path(m.Name) + ".new"
	if err == nil {
		err = os.WriteFile(temporary, data, 0o600)
	}
	if err == nil {
		err = os.Rename(temporary, c.path(m.Name))
	}
	if err != nil {
		return fmt.Errorf("keep the description of plugin %s: %w", m.Name, err)
	}
	return nil
}
