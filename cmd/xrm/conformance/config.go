package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/openxrm/xrm/sdk/contract/settings"
	"github.com/openxrm/xrm/sdk/pluginpb"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

const noConfig inapplicable = "the plugin has no configuration"

func configChecks() []check {
	return []check{
		{
			name: "schema of the configuration", expected: "a JSON Schema (draft 2020-12) of an object",
			remedy: "let config_schema be one, or leave it empty",
			run:    configSchemaIsValid,
		},
		{
			name: "takes a configuration", expected: "one that fits the schema is taken, or refused in band with the path of what is wrong",
			remedy: "answer Configure with an Error of the code INVALID and violations; --config FILE gives a configuration that is right",
			run:    takesConfiguration,
		},
		{
			name: "refuses a bad configuration", expected: "values of the wrong types are refused in band, and the plugin goes on with the configuration before",
			remedy: "read the whole configuration before you use any of it",
			run:    refusesBadConfiguration,
		},
	}
}

// configSchema is the part of JSON Schema that it takes to make up values.
type configSchema struct {
	Type       string                   `json:"type"`
	Default    any                      `json:"default"`
	Enum       []any                    `json:"enum"`
	Items      *configSchema            `json:"items"`
	Properties map[string]*configSchema `json:"properties"`
}

func (b *bench) configSchema(ctx context.Context) (*link, []byte, error) {
	l, d, err := b.described(ctx)
	if err == nil && len(d.GetConfigSchema()) == 0 {
		err = noConfig
	}
	return l, d.GetConfigSchema(), err
}

func configSchemaIsValid(ctx context.Context, b *bench) error {
	_, encoded, err := b.configSchema(ctx)
	if err != nil {
		return err
	}
	if _, err := settings.Compile(encoded); err != nil {
		return err
	}
	var s configSchema
	if err := json.Unmarshal(encoded, &s); err != nil {
		return err
	}
	if s.Type != "object" {
		return fmt.Errorf("it is of the type %q", s.Type)
	}
	return nil
}

func takesConfiguration(ctx context.Context, b *bench) error {
	l, encoded, err := b.configSchema(ctx)
	if err != nil {
		return err
	}
	config := b.settings.Config
	if config == nil {
		if config = sampleConfig(encoded); config == nil {
			return inapplicable("no configuration could be made up from the schema; give one with --config FILE")
		}
	}
	answer, err := l.plugin.Configure(ctx, &pluginpb.ConfigureRequest{Generation: 1, Config: config})
	switch refused := answer.GetError(); {
	case err != nil:
		return err
	case refused == nil:
		b.config = config
		return nil
	case b.settings.Config != nil:
		return fmt.Errorf("it refused the configuration that was given: %s", describeError(refused))
	case refused.GetCode() == "INVALID" && len(refused.GetViolations()) > 0:
		return inapplicable("it refused what was made up (" + describeError(refused) + "); give a configuration with --config FILE")
	default:
		return fmt.Errorf("%s for %s", describeError(refused), config)
	}
}

// sampleConfig makes up a configuration that fits, or returns nil.
func sampleConfig(encoded []byte) []byte {
	var s configSchema
	valid, err := settings.Compile(encoded)
	if err != nil || json.Unmarshal(encoded, &s) != nil {
		return nil
	}
	for _, text := range []string{"sample", "1h", "1", "https://example.org/", "2026-01-02"} { // patterns are met by trying
		config, err := json.Marshal(s.sample(text))
		if err != nil {
			return nil
		}
		document, err := jsonschema.UnmarshalJSON(bytes.NewReader(config))
		if err == nil && valid.Validate(document) == nil {
			return config
		}
	}
	return nil
}

func (s *configSchema) sample(text string) any {
	switch {
	case s == nil:
		return nil
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	switch s.Type {
	case "object":
		values := map[string]any{}
		for name, property := range s.Properties {
			values[name] = property.sample(text)
		}
		return values
	case "array":
		return []any{s.Items.sample(text)}
	case "integer", "number":
		return 1
	case "boolean":
		return true
	}
	return text
}

func refusesBadConfiguration(ctx context.Context, b *bench) error {
	l, encoded, err := b.configSchema(ctx)
	if err != nil {
		return err
	}
	var s configSchema
	if err := json.Unmarshal(encoded, &s); err != nil || len(s.Properties) == 0 {
		return inapplicable("the configuration has no members that could be wrong")
	}
	bad := map[string]any{}
	for name := range s.Properties {
		bad[name] = map[string]any{"no": []any{"such", "value"}}
	}
	answer, err := l.plugin.Configure(ctx, &pluginpb.ConfigureRequest{Generation: 2, Config: encode(bad)})
	switch refused := answer.GetError(); {
	case err != nil:
		return err
	case refused == nil:
		return errors.New("it took objects where the schema has other types")
	case refused.GetCode() == "INVALID" && len(refused.GetViolations()) == 0:
		return fmt.Errorf("INVALID without a path: %s", describeError(refused))
	}
	return nil
}

// describeError is an answer in one line.
func describeError(e *pluginpb.Error) string {
	text := e.GetCode()
	for _, part := range []string{e.GetMessage(), e.GetCause()} {
		if part != "" {
			text += " " + part
		}
	}
	for _, v := range e.GetViolations() {
		text += "; " + v.GetField() + " " + v.GetMessage()
	}
	return text
}
