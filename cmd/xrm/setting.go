package main

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// setting is one leaf of the Config.
type setting struct {
	key   string // as in xrm.yaml, dotted: limits.depth
	doc   string
	value reflect.Value
}

// settingsOf lists the leaves of a Config in the order of its fields.
func settingsOf(c Config) []setting {
	var list []setting
	var walk func(v reflect.Value, prefix string)
	walk = func(v reflect.Value, prefix string) {
		for i := range v.NumField() {
			field := v.Type().Field(i)
			key := prefix + field.Tag.Get("koanf")
			if field.Type.Kind() == reflect.Struct {
				walk(v.Field(i), key+".")
				continue
			}
			list = append(list, setting{key: key, doc: field.Tag.Get("doc"), value: v.Field(i)})
		}
	}
	walk(reflect.ValueOf(c), "")
	return list
}

var hump = regexp.MustCompile(`([a-z])([A-Z])`)

// variable is the name of a setting in the environment: XRM_LIMITS_BODY_BYTES.
func variable(key string) string {
	return "XRM_" + strings.ToUpper(strings.ReplaceAll(hump.ReplaceAllString(key, "${1}_$2"), ".", "_"))
}

// flagName is the name of a setting as a flag: key-file.
func flagName(key string) string {
	return strings.ToLower(hump.ReplaceAllString(key, "$1-$2"))
}

// folder returns an error unless the folder that a setting names is there.
func folder(key, holds, dir string) error {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s; name the one with %s by --%s (%s)", dir, holds, flagName(key), variable(key))
	}
	return nil
}

// parse reads a setting's value from a text; problem completes a sentence.
func (s setting) parse(text string) (value any, problem string) {
	var err error
	switch s.value.Interface().(type) {
	case time.Duration:
		if value, err = time.ParseDuration(text); err != nil {
			return nil, strconv.Quote(text) + " where a duration such as 10s is expected"
		}
	case int:
		if value, err = strconv.Atoi(text); err != nil {
			return nil, strconv.Quote(text) + " where a whole number is expected"
		}
	default:
		value = text
	}
	return value, ""
}
