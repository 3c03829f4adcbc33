package strictyaml_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// FuzzDecode: whatever the input, decoding ends soon and without a panic; its faults are a line each, name the file, and are
// the same the second time; what it takes can be written as JSON.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"name: Kate\nrig: ketch\nmasts: 2\nmotor: true\nhull: {length: 12}\ncrew: [Ann]\n",
		"boats: [{name: Dot, oars: 2}, ~]\nsails: {jib: {name: x}}\nflags: {a: b}\n",
		"cargo: {80: {x: [1, .inf, 2020-01-01, !!binary eA==]}, ? [a] : b}\nlog: 0x7f\n",
		"cargo: &a [*a, *a]\n", "<<: {name: a}\nname: a\nname: b", "&a name: *a", "- a\n- b", "a: |\n  b\n---\n~\n...\n", "!!null {a: b}",
		"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		start := time.Now()
		var s ship
		_, err := strictyaml.Decode("ship.yaml", data, &s)
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
		if _, err := json.Marshal(s); err != nil {
			t.Errorf("no JSON: %v", err)
		}
		if err == nil {
			return
		}
		faults := strictyaml.Faults(nil)
		if !errors.As(err, &faults) || len(faults) == 0 {
			t.Fatalf("the error is a %T: %v", err, err)
		}
		for _, fault := range faults {
			if text := fault.Error(); strings.ContainsAny(text, "\n\r") || !strings.HasPrefix(text, "ship.yaml") || fault.Problem == "" || fault.Remedy == "" {
				t.Errorf("fault %q", text)
			}
		}
		var again ship
		if _, second := strictyaml.Decode("ship.yaml", data, &again); second == nil || second.Error() != err.Error() {
			t.Errorf("first %v\nthen %v", err, second)
		}
	})
}
