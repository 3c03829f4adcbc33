package strictyaml_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/google/go-cmp/cmp"
)

// ship has a field of every supported type.
type ship struct {
	Name   string            `json:"name" required:"true" doc:"Name of the ship."`
	Rig    string            `json:"rig" enum:"sloop,ketch,schooner" default:"sloop" doc:"How it is rigged."`
	Masts  int               `json:"masts" doc:"Number of masts."`
	Afloat bool              `json:"afloat" doc:"Whether it floats."`
	Motor  *bool             `json:"motor" default:"true" doc:"Whether it has a motor."`
	Hull   hull              `json:"hull" doc:"The hull."`
	Crew   []string          `json:"crew" doc:"Names of the crew."`
	Boats  []boat            `json:"boats" doc:"Boats on deck."`
	Sails  map[string]boat   `json:"sails" doc:"Sails by name."`
	Flags  map[string]string `json:"flags" doc:"Flags by position."`
	Cargo  map[string]any    `json:"cargo" doc:"Anything."`
	Log    any               `json:"log" doc:"Any value."`
	Secret string            `json:"-"`
}

type hull struct {
	Material string `json:"material" default:"oak" doc:"What it is made of."`
	Length   string `json:"length" doc:"How long it is."`
}

type boat struct {
	Name string `json:"name" required:"true" doc:"Name of the boat."`
	Oars int    `json:"oars" doc:"Number of oars."`
}

func decode(text string) (ship, strictyaml.Lines, error) {
	var s ship
	lines, err := strictyaml.Decode("ship.yaml", []byte(text), &s)
	return s, lines, err
}

func TestDecode(t *testing.T) {
	yes := true
	got, lines, err := decode(`name: 1.30
rig: ketch
masts: 2
afloat: true
motor: true
hull: {length: 12}
crew: [Ann, 7]
boats:
- name: &dinghy Dot
  oars: 2
sails: {jib: {name: *dinghy}, main: }
flags: {2020-01-01: 1e3, *dinghy : "off"}
cargo:
  tea: [1, 2.5, true, ~, 2020-01-01, "5"]
  80: {0x10: port}
  rum:
log: ~
`)
	if err == nil || err.Error() != "ship.yaml:11: sails.main.name is missing; add it: Name of the boat." {
		t.Errorf("error %v", err)
	}
	want := ship{
		Name: "1.30", Rig: "ketch", Masts: 2, Afloat: true, Motor: &yes, Hull: hull{Length: "12"}, Crew: []string{"Ann", "7"},
		Boats: []boat{{Name: "Dot", Oars: 2}}, Sails: map[string]boat{"jib": {Name: "Dot"}, "main": {}},
		Flags: map[string]string{"2020-01-01": "1e3", "Dot": "off"},
		Cargo: map[string]any{"tea": []any{1, 2.5, true, nil, "2020-01-01", "5"}, "80": map[string]any{"0x10": "port"}, "rum": nil},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for path, line := range map[string]int{"name": 1, "hull.length": 6, "boats[0].oars": 10, "sails.jib": 11, "cargo.tea[3]": 14, "cargo.80.0x10": 15} {
		if lines[path] != line {
			t.Errorf("%s is on line %d, not %d", path, lines[path], line)
		}
	}
}

func TestDecodeKeepsWhatIsAbsentOrNull(t *testing.T) {
	s := ship{Rig: "ketch", Hull: hull{Material: "steel"}, Crew: []string{"Ann"}}
	if _, err := strictyaml.Decode("", []byte("{name: Kate, rig: , hull: {length: 9}, crew: ~}"), &s); err != nil {
		t.Fatal(err)
	}
	want := ship{Name: "Kate", Rig: "ketch", Hull: hull{Material: "steel", Length: "9"}, Crew: []string{"Ann"}}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Error(diff)
	}
}

func TestDecodeFaults(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":           {"", "ship.yaml is empty; write at least apiVersion and kind"},
		"comments only":   {"# nothing\n---\n~\n", "ship.yaml is empty; write at least apiVersion and kind"},
		"two documents":   {"name: a\n---\nname: b\n---\n---\nname: c\n", "ship.yaml:3 holds 3 documents; keep one document per file"},
		"trailing marker": {"name: a\n---\n# the end\n", ""},
		"no YAML":         {"name: [a\n", "ship.yaml is not YAML: line 1: did not find expected ',' or ']'; mend the syntax"},
		"unknown alias":   {"name: *a", "ship.yaml is not YAML: unknown anchor 'a' referenced; mend the syntax"},
		"no mapping": {"[name]",
			"ship.yaml:1 is a list; give a mapping of its fields: name, rig, masts, afloat, motor, hull, crew, boats, sails, flags, cargo, log"},
		"required":             {"masts: 1", "ship.yaml:1: name is missing; add it: Name of the ship."},
		"required but null":    {"name:", "ship.yaml:1: name is missing; add it: Name of the ship."},
		"required, null alias": {"crew: [&x ~]\nname: *x", "ship.yaml:1: crew[0] is empty; give a value, or remove the entry\nship.yaml:1: name is missing; add it: Name of the ship."},
		"misspelt field":       {"name: a\nmast: 1", "ship.yaml:2: mast is not a field of this format; did you mean masts? Allowed: name, rig, masts, afloat, motor, hull, crew, boats, sails, flags, cargo, log"},
		"no such field":        {"name: a\nhull: {sonar: 1}", "ship.yaml:2: hull.sonar is not a field of this format; use one of material, length"},
		"no name":              {"name: a\nhull: {\"\": 1}", `ship.yaml:2: hull."" is not a field of this format; use one of material, length`},
		"misspelt choice":      {"name: a\nrig: Ketsch", `ship.yaml:2: rig is "Ketsch"; did you mean ketch? Allowed: sloop, ketch, schooner`},
		"no such choice":       {"name: a\nrig: false", `ship.yaml:2: rig is "false"; use one of sloop, ketch, schooner`},
		"twice":                {"name: a\nname: b", "ship.yaml:2: name stands here a second time; keep one of the two"},
		"twice in a map":       {"name: a\nflags:\n  x: 1\n  x: 2", "ship.yaml:4: flags.x stands here a second time; keep one of the two"},
		"twice, free":          {"name: a\ncargo:\n  x: {y: 1,\n    y: 2}", "ship.yaml:4: cargo.x.y stands here a second time; keep one of the two"},
		"merge key":            {"name: a\nhull: &h {length: 1}\ncargo: {x: {<<: *h}}", "ship.yaml:3: cargo.x.<< is a merge key; write out the fields that it stands for"},
		"key is a list":        {"name: a\ncargo: {[x]: 1}", "ship.yaml:2: cargo has a key that is a list; give a string"},
		"string":               {"name: [a]", "ship.yaml:1: name is a list; give a string"},
		"boolean as a string":  {"name: true", "ship.yaml:1: name is the boolean true; give a string (in quotes)"},
		"number":               {"name: a\nmasts: two", `ship.yaml:2: masts is the string "two"; give a whole number`},
		"fraction":             {"name: a\nmasts: 2.0", "ship.yaml:2: masts is the number 2.0; give a whole number"},
		"huge number":          {"name: a\nmasts: 99999999999999999999", "ship.yaml:2: masts is the number 99999999999999999999; give a whole number"},
		"yes":                  {"name: a\nmotor: yes\nafloat: {}", "ship.yaml:2: motor is the string \"yes\"; give true or false\nship.yaml:3: afloat is a mapping; give true or false"},
		"octal or not": {"name: 010\nmasts: 010\ncargo: {a: 010, b: [0x1F, 1_000, 0b1, 0o7, 1_0.5]}", lines(
			"1: name is 010, which versions of YAML take for different numbers; write it in quotes", "2: masts is 010, which versions of YAML take for different numbers; write a decimal number",
			"3: cargo.a is 010"+anyNumber, "3: cargo.b[0] is 0x1F"+anyNumber, "3: cargo.b[1] is 1_000"+anyNumber, "3: cargo.b[2] is 0b1"+anyNumber, "3: cargo.b[3] is 0o7"+anyNumber, "3: cargo.b[4] is 1_0.5"+anyNumber)},
		"hours or not": {"name: 1:30\ncargo: {a: 12:30:45, b: 1:30.5, c: 12:80, d: 127.0.0.1:80, e: '1:30'}", lines(
			"1: name is 1:30, which versions of YAML take for different numbers; write it in quotes", "2: cargo.a is 12:30:45"+anyNumber, "2: cargo.b is 1:30.5"+anyNumber)},
		"boolean or not": {"name: no\ncargo: {a: yes, b: [On, OFF, y], c: 'yes', d: nope}", lines(
			"1: name is no, which older YAML takes for a boolean; write it in quotes", "2: cargo.a is yes"+anyBool, "2: cargo.b[0] is On"+anyBool, "2: cargo.b[1] is OFF"+anyBool, "2: cargo.b[2] is y"+anyBool)},
		"structure":      {"name: a\nhull: oak", `ship.yaml:2: hull is the string "oak"; give a mapping of its fields: material, length`},
		"map":            {"name: a\nflags: [x]", "ship.yaml:2: flags is a list; give a mapping"},
		"list":           {"name: a\ncrew: Ann", `ship.yaml:2: crew is the string "Ann"; give a list`},
		"empty entries":  {"name: a\ncrew: [~]\nboats:\n-\n- oars: 1", "ship.yaml:2: crew[0] is empty; give a value, or remove the entry\nship.yaml:4: boats[0] is empty; give a value, or remove the entry\nship.yaml:5: boats[1].name is missing; add it: Name of the boat."},
		"no JSON number": {"name: a\nlog: .nan\ncargo: {x: [-.inf]}", "ship.yaml:2: log is the number .nan; give a value that JSON has\nship.yaml:3: cargo.x[0] is the number -.inf; give a value that JSON has"},
		"lying tag":      {"name: a\nlog: !!int x\nmasts: !!int \"a\\nb\"", "ship.yaml:2: log is the number x; give a value that JSON has\nship.yaml:3: masts is the number a\\nb; give a whole number"},
		"long and odd names": {"name: a\nhull:\n  \"a\\nb\": 1\n  " + strings.Repeat("x", 100) + ": 1",
			"ship.yaml:3: hull.a\\nb is not a field of this format; use one of material, length\nship.yaml:4: hull." + strings.Repeat("x", 60) + "… is not a field of this format; use one of material, length"},
		"everything at once": {"rig: yawl\nmasts: x\nanchor: 1",
			"ship.yaml:1: rig is \"yawl\"; use one of sloop, ketch, schooner\n" +
				"ship.yaml:2: masts is the string \"x\"; give a whole number\n" +
				"ship.yaml:3: anchor is not a field of this format; use one of name, rig, masts, afloat, motor, hull, crew, boats, sails, flags, cargo, log\n" +
				"ship.yaml:1: name is missing; add it: Name of the ship."},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := decode(test.text)
			if diff := cmp.Diff(test.want, message(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// message is the text of the faults in err; any other error is marked by its type.
func message(err error) string {
	var faults strictyaml.Faults
	switch {
	case err == nil:
		return ""
	case errors.As(err, &faults):
		return faults.Error()
	}
	return fmt.Sprintf("%T: %v", err, err)
}

func TestDecodeIsBounded(t *testing.T) {
	const tooMuch = "ship.yaml holds more than 50000 values or 50 levels, with its aliases expanded; nest no aliases, and give only what one cluster needs"
	bomb := "cargo:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for _, n := range []string{"1", "2", "3", "4", "5"} {
		previous := string(n[0] - 1)
		bomb += "  a" + n + ": &a" + n + " [" + strings.Repeat("*a"+previous+",", 10) + "]\n"
	}
	for name, test := range map[string]struct{ text, want string }{
		"alias bomb":        {bomb, tooMuch},
		"alias of itself":   {"cargo: &c {x: *c}", tooMuch},
		"many values":       {"crew: [" + strings.Repeat("a,", 60_000) + "]", tooMuch},
		"many levels":       {"cargo: " + strings.Repeat("{x: ", 60) + strings.Repeat("}", 60), tooMuch},
		"just enough":       {"name: a\ncargo: " + strings.Repeat("{x: ", 49) + strings.Repeat("}", 49), ""},
		"beyond the parser": {"cargo: " + strings.Repeat("[", 200_000), "ship.yaml is not YAML: exceeded max depth of 10000; mend the syntax"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := decode(test.text)
			if got := message(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// endless is a file without an end, for all that its reader should see of it.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	if e.read += len(p); e.read > 4*strictyaml.MaxBytes {
		return 0, errors.New("read too far")
	}
	return len(p), nil
}

func TestRead(t *testing.T) {
	var s ship
	if _, err := strictyaml.Read("ship.yaml", strings.NewReader("name: Kate"), &s); err != nil || s.Name != "Kate" {
		t.Errorf("%q, %v", s.Name, err)
	}
	_, err := strictyaml.Read("ship.yaml", &endless{}, &s)
	want := "ship.yaml is larger than 1024 KiB; give the file that describes the cluster, not a rendered manifest or an archive"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	_, err = strictyaml.Read("ship.yaml", io.MultiReader(strings.NewReader("name: "), broken{}), &s)
	if !errors.Is(err, errBroken) || err.Error() != "ship.yaml: the disk is broken" {
		t.Error(err)
	}
}

var errBroken = errors.New("the disk is broken")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

const (
	anyNumber = ", which versions of YAML take for different numbers; write a decimal number, true or false, or a string in quotes"
	anyBool   = ", which older YAML takes for a boolean; write a decimal number, true or false, or a string in quotes"
)

// lines are faults of ship.yaml.
func lines(faults ...string) string { return "ship.yaml:" + strings.Join(faults, "\nship.yaml:") }
