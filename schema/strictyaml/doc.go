// Package strictyaml decodes YAML files that people write by hand: every
// unknown key, every value of the wrong kind is reported, all at once, with
// file, line and the nearest right word. It is used for entities, roles,
// manifests, import maps and the configuration, so that all of them answer
// mistakes in the same voice. It is not for YAML that programs exchange.
package strictyaml
