package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/posflag"
	"github.com/knadh/koanf/v2"
	"github.com/openxrm/xrm/schema/strictyaml"
	"github.com/spf13/pflag"
)

// defaultConfigFile is read when it exists and --config names no other.
const defaultConfigFile = "xrm.yaml"

// configFlags declares the flags of some settings, by their keys, and the
// flag --config, for a command that calls loadConfig.
func configFlags(flags *pflag.FlagSet, keys ...string) {
	for _, s := range settingsOf(defaultConfig()) {
		for _, key := range keys {
			if s.key == key {
				flags.String(flagName(key), s.value.String(), s.doc)
			}
		}
	}
	flags.String("config", defaultConfigFile, "configuration file")
}

// loadConfig puts the layers together: defaults < file < environment < flags.
// Every key that is not known and every value of the wrong kind is reported
// with its place.
func loadConfig(flags *pflag.FlagSet, environ []string) (Config, error) {
	k := koanf.New(".")
	defaults := map[string]any{}
	for _, s := range settingsOf(defaultConfig()) {
		defaults[s.key] = s.value.Interface()
	}
	if err := k.Load(confmap.Provider(defaults, "."), nil); err != nil {
		return Config{}, err
	}
	if err := loadFile(k, flags, environ); err != nil {
		return Config{}, err
	}
	if err := loadEnvironment(k, environ); err != nil {
		return Config{}, err
	}
	known := k.Copy()
	fromFlags := posflag.ProviderWithFlag(flags, ".", k, func(f *pflag.Flag) (string, any) {
		for _, key := range known.Keys() {
			if flagName(key) == f.Name {
				return key, f.Value.String()
			}
		}
		return "", nil // a flag of the command itself
	})
	if err := k.Load(fromFlags, nil); err != nil {
		return Config{}, err
	}
	var c Config
	if err := k.Unmarshal("", &c); err != nil {
		return Config{}, fmt.Errorf("read the configuration: %w", err)
	}
	return c, c.check()
}

func loadFile(k *koanf.Koanf, flags *pflag.FlagSet, environ []string) error {
	name, named := defaultConfigFile, false
	if value, ok := lookupEnv(environ, "XRM_CONFIG"); ok {
		name, named = value, true
	}
	if f := flags.Lookup("config"); f != nil && f.Changed {
		name, named = f.Value.String(), true
	}
	data, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the configuration: %w", err)
	}
	if err := strictyaml.Decode(name, data, &Config{}).Err(); err != nil {
		return err
	}
	return k.Load(file.Provider(name), yaml.Parser())
}

// notSetting tells variables with our prefix that mean something else: where
// the file is, the key itself, and what tests need.
func notSetting(name string) bool {
	return name == "XRM_CONFIG" || name == "XRM_KEY" || name == "XRM_BIN" || strings.HasPrefix(name, "XRM_TEST_") || strings.HasPrefix(name, "XRM_LAB_")
}

func loadEnvironment(k *koanf.Koanf, environ []string) error {
	byVariable, names := map[string]setting{}, []string{}
	for _, s := range settingsOf(defaultConfig()) {
		byVariable[variable(s.key)] = s
		names = append(names, variable(s.key))
	}
	var faults []error
	provider := env.Provider(".", env.Opt{
		Prefix:      "XRM_",
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, text string) (string, any) {
			s, ok := byVariable[name]
			switch {
			case notSetting(name):
				return "", nil
			case !ok:
				faults = append(faults, fmt.Errorf("the environment sets %s, which is no setting%s", name, strictyaml.Suggest(name, names)))
				return "", nil
			}
			value, problem := s.parse(text)
			if problem != "" {
				faults = append(faults, fmt.Errorf("%s: %s", name, problem))
			}
			return s.key, value
		},
	})
	return errors.Join(append([]error{k.Load(provider, nil)}, faults...)...)
}

func lookupEnv(environ []string, name string) (string, bool) {
	for _, entry := range environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok && value != "" {
			return value, true
		}
	}
	return "", false
}
