package main

import "testing"

func TestACommandLineThatCannotBeReadIsToldHowToWriteIt(t *testing.T) {
	tests := map[string]struct {
		args []string
		want string
	}{
		"no folder":       {[]string{"schema", "lint"}, "xrm schema lint needs one folder: xrm schema lint ./entities"},
		"two folders":     {[]string{"schema", "lint", "a", "b"}, "xrm schema lint needs one folder, not 2: xrm schema lint ./entities"},
		"no file":         {[]string{"import", "--entity", "customer"}, "xrm import needs one file: xrm import customers.csv --entity customer --key number"},
		"a flag mistyped": {[]string{"schema", "lint", ".", "--jsn"}, "unknown flag: --jsn; did you mean --json?"},
		"one with a value": {
			[]string{"import", "a.csv", "--entitiy=customer"}, "unknown flag: --entitiy; did you mean --entity?",
		},
		"a flag like no other": {[]string{"import", "a.csv", "--paint"}, "unknown flag: --paint; `xrm import --help` lists those that there are"},
		"a short one":          {[]string{"import", "a.csv", "-e", "customer"}, "unknown shorthand flag: 'e' in -e; `xrm import --help` lists those that there are"},
		"a flag of the whole":  {[]string{"--dryrun"}, "unknown flag: --dryrun; `xrm --help` lists those that there are"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			status, out, complaints := command(t, nil, tt.args...)
			if status != 1 || out != "" || complaints != tt.want+"\n" {
				t.Errorf("status %d, output %q\ngot  %s\nwant %s", status, out, complaints, tt.want)
			}
		})
	}
}
